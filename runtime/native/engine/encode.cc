#include "encode.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <memory>
#include <numbers>
#include <string>

#include "error.hpp"

namespace fhec {
namespace {

/// Residues of whole numbers that are doubles of any size.
class WideResidue {
 public:
  explicit WideResidue(const Modulus& q) : q_(q) {}

  Word operator()(double whole) const {
    int exponent = 0;
    const double fraction = std::frexp(std::abs(whole), &exponent);
    const auto mantissa = static_cast<Word>(std::ldexp(fraction, 53));
    // Whole numbers below 2^53 have no bits below the point: the shift to the right is exact.
    const Word magnitude = exponent >= 53 ? mul_mod(mantissa % q_.value, pow_mod(2, static_cast<Word>(exponent - 53), q_), q_)
                                          : (mantissa >> (53 - exponent)) % q_.value;
    return whole < 0 && magnitude != 0 ? q_.value - magnitude : magnitude;
  }

 private:
  const Modulus& q_;
};

/// Coefficients up to this magnitude, shifted up to be positive, stay below 2^62.
constexpr double narrow = 0x1p60;

double log2_of_modulus(const Ring& ring, std::size_t level) {
  double bits = 0;
  for (std::size_t i = 0; i <= level; i++) bits += std::log2(static_cast<double>(ring.limbs[i].modulus.value));
  return bits;
}

/// Throws unless a coefficient of this magnitude stays below half the modulus; NaN does not.
void require_room(const Ring& ring, std::size_t level, double largest, double scale) {
  if (largest == 0 || std::log2(largest) < log2_of_modulus(ring, level) - 1) return;
  throw Error("FHE0803", "a vector that is not finite or too large was to be encoded at level " + std::to_string(level) +
                             " and scale " + std::to_string(scale));
}

/// Coefficients up to this magnitude are rounded by an addition that leaves no bits below the point.
constexpr double light = 0x1p51;

/// Whole numbers, to nearest, ties to even, as words of two's complement. All are of magnitude below `bound`, at most `narrow`.
void round_all(Word* whole, const double* values, std::size_t count, double bound) {
  constexpr double shift = 0x1.8p52;
  if (bound < light) {
    // What a compiler does for several numbers at once.
    for (std::size_t j = 0; j < count; j++) whole[j] = std::bit_cast<Word>(values[j] + shift) - std::bit_cast<Word>(shift);
  } else {
    for (std::size_t j = 0; j < count; j++) whole[j] = static_cast<Word>(static_cast<std::int64_t>(std::nearbyint(values[j])));
  }
}

/// Runs as short as these are not worth their place.
constexpr std::size_t least_run = 16;

/// The number of equal words in a row of the transform of a vector of real parts and perhaps imaginary parts, a power of two; 1 where that is
/// less than `least_run`.
std::size_t run_of(std::span<const double> values, std::size_t slots) {
  const auto repeats = [&](std::size_t period) {
    for (std::size_t part = 0; part < values.size(); part += slots)
      if (!std::equal(values.data() + part, values.data() + part + slots - period, values.data() + part + period)) return false;
    return true;
  };
  std::size_t period = slots;
  while (period > 2 && repeats(period / 2)) period /= 2;
  const std::size_t run = slots / period;
  return run < least_run ? 1 : run;
}

/// Of numbers as many as a power of two. Not a number only where all are none.
double largest_magnitude(std::span<const double> values) {
  // Each waits for the one before it: several at once.
  constexpr std::size_t lanes = 8;
  double largest[lanes] = {};
  for (std::size_t j = 0; j < values.size(); j += lanes)
    for (std::size_t k = 0; k < std::min(lanes, values.size()); k++) {
      const double x = std::abs(values[j + k]);
      largest[k] = x <= largest[k] ? largest[k] : x;
    }
  double all = largest[0];
  for (const double x : largest) all = x <= all ? all : x;
  return all;
}

/// An array in a buffer.
std::span<double> numbers_in(Buffer& buffer) {
  double* const numbers = reinterpret_cast<double*>(buffer.data());
  std::uninitialized_default_construct_n(numbers, buffer.words());
  return {numbers, buffer.words()};
}

}  // namespace

Encoder::Encoder(std::size_t degree) : degree_(degree), fourier_(degree / 2), places_(degree / 2) {
  const std::size_t slots = degree / 2;
  std::size_t power = 1;
  for (std::size_t j = 0; j < slots; j++) {
    places_[j] = static_cast<std::uint32_t>(fourier_.place((j % 2 == 0 ? power : 2 * degree - power) / 4));
    power = power * 3 % (2 * degree);
  }
  for (std::size_t k = 0; k < slots; k++) {
    const long double angle = std::numbers::pi_v<long double> * static_cast<long double>(k) / static_cast<long double>(degree);
    twist_.real.push_back(static_cast<double>(std::cos(angle)));
    twist_.imaginary.push_back(static_cast<double>(-std::sin(angle)));
  }
}

void Encoder::coefficients(std::span<double> out, std::span<const double> values, double scale) const {
  const std::size_t slots = degree_ / 2;
  double* real = out.data();
  double* imaginary = out.data() + slots;
  for (std::size_t j = 0; j < slots; j++) real[places_[j]] = values[j];
  if (values.size() == degree_)
    for (std::size_t j = 0; j < slots; j++) imaginary[places_[j]] = j % 2 == 0 ? values[slots + j] : -values[slots + j];
  else
    std::fill_n(imaginary, slots, 0.0);
  fourier_.transform(real, imaginary);
  const double factor = scale / static_cast<double>(slots);
  const double* twist_real = twist_.real.data();
  const double* twist_imaginary = twist_.imaginary.data();
  for (std::size_t k = 0; k < slots; k++) {
    const double x = real[k] * factor;
    const double y = imaginary[k] * factor;
    real[k] = x * twist_real[k] - y * twist_imaginary[k];
    imaginary[k] = x * twist_imaginary[k] + y * twist_real[k];
  }
}

Plaintext Encoder::encode(const Ring& ring, Memory& memory, Pool& pool, std::span<const double> values,
                          std::size_t level, double scale, std::size_t special_count) const {
  if (level >= ring.data_count) throw Error("FHE0801", "level " + std::to_string(level) + " is beyond the modulus chain");
  if (!(scale > 0) || !std::isfinite(scale)) throw Error("FHE0801", "a scale that is not positive and finite");
  if (values.size() != 1 && values.size() != degree_ / 2 && values.size() != degree_)
    throw Error("FHE0801", "a vector of " + std::to_string(values.size()) + " numbers for " +
                               std::to_string(degree_ / 2) + " slots");
  Plaintext out;
  out.level = level;
  out.scale = scale;
  out.special_count = special_count;
  const std::vector<const Limb*> limbs = limbs_of(ring, {level, special_count});
  if (values.size() == 1) {
    const double constant = std::nearbyint(values[0] * scale);
    require_room(ring, level, std::abs(constant), scale);
    for (const Limb* limb : limbs) out.constants.push_back(WideResidue(limb->modulus)(constant));
    return out;
  }
  // Not only the coefficients: an infinity times a zero of the transform would make them NaN, which comparisons may lose.
  require_room(ring, level, largest_magnitude(values) * scale, scale);
  Buffer space(memory, degree_);
  const std::span<double> numbers = numbers_in(space);
  coefficients(numbers, values, scale);
  out.run = run_of(values, degree_ / 2);
  // A polynomial in X^run, but for the rounding of doubles.
  for (std::size_t j = 0; out.run > 1 && j < degree_; j++)
    if (j % out.run != 0) numbers[j] = 0;
  // Rounding keeps the order.
  const double largest = std::nearbyint(largest_magnitude(numbers));
  require_room(ring, level, largest, scale);

  Buffer whole(memory, largest < narrow ? degree_ : 0);
  if (largest < narrow) round_all(whole.data(), numbers.data(), degree_, largest);
  if (out.run == 1)
    out.words = PackedPolynomial(memory, degree_, limbs);
  else
    out.runs = Rows(memory, degree_ / out.run, limbs.size());
  pool.for_each(limbs.size(), [&](std::size_t i) {
    const auto& [modulus, tables, kernel] = *limbs[i];
    Buffer buffer(memory, degree_);
    Word* words = buffer.data();
    if (largest < narrow) {
      // A multiple of the prime that makes every coefficient positive.
      const Word shift = (static_cast<Word>(largest) / modulus.value + 1) * modulus.value;
      for (std::size_t j = 0; j < degree_; j++) words[j] = whole.data()[j] + shift;
      kernel->reduce(words, words, degree_, modulus);
    } else {
      const WideResidue residue(modulus);
      std::transform(numbers.begin(), numbers.end(), words, [&](double x) { return residue(std::nearbyint(x)); });
    }
    kernel->forward(words, tables);
    if (out.run == 1) out.words.put(i, words);
    for (std::size_t j = 0; out.run > 1 && j < degree_ / out.run; j++) out.runs.row(i)[j] = words[j * out.run];
  });
  return out;
}

}  // namespace fhec
