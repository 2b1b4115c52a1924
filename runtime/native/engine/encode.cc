#include "encode.hpp"

#include <algorithm>
#include <cmath>
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

/// To nearest, ties to even. Adding 3 2^51 leaves no bits below the point, which a compiler does for several numbers at once.
void round_all(std::vector<double>& values) {
  constexpr double shift = 0x1.8p52;
  for (double& x : values) x = std::abs(x) < 0x1p51 ? (x + shift) - shift : std::nearbyint(x);
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

double largest_magnitude(std::span<const double> values) {
  double largest = 0;
  for (const double x : values) largest = std::abs(x) <= largest ? largest : std::abs(x);
  return largest;
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

std::vector<double> Encoder::coefficients(std::span<const double> values, double scale) const {
  const std::size_t slots = degree_ / 2;
  std::vector<double> out(degree_);
  double* real = out.data();
  double* imaginary = out.data() + slots;
  for (std::size_t j = 0; j < slots; j++) real[places_[j]] = values[j];
  if (values.size() == degree_)
    for (std::size_t j = 0; j < slots; j++) imaginary[places_[j]] = j % 2 == 0 ? values[slots + j] : -values[slots + j];
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
  return out;
}

Plaintext Encoder::encode(const Ring& ring, Memory& memory, Pool& pool, std::span<const double> values,
                          std::size_t level, double scale) const {
  if (level >= ring.data_count) throw Error("FHE0801", "level " + std::to_string(level) + " is beyond the modulus chain");
  if (!(scale > 0) || !std::isfinite(scale)) throw Error("FHE0801", "a scale that is not positive and finite");
  if (values.size() != 1 && values.size() != degree_ / 2 && values.size() != degree_)
    throw Error("FHE0801", "a vector of " + std::to_string(values.size()) + " numbers for " +
                               std::to_string(degree_ / 2) + " slots");
  Plaintext out;
  out.level = level;
  out.scale = scale;
  if (values.size() == 1) {
    const double constant = std::nearbyint(values[0] * scale);
    require_room(ring, level, std::abs(constant), scale);
    for (std::size_t i = 0; i <= level; i++) out.constants.push_back(WideResidue(ring.limbs[i].modulus)(constant));
    return out;
  }
  // Not only the coefficients: an infinity times a zero of the transform would make them NaN, which comparisons may lose.
  require_room(ring, level, largest_magnitude(values) * scale, scale);
  std::vector<double> rounded = coefficients(values, scale);
  round_all(rounded);
  out.run = run_of(values, degree_ / 2);
  // A polynomial in X^run, but for the rounding of doubles.
  for (std::size_t j = 0; out.run > 1 && j < degree_; j++)
    if (j % out.run != 0) rounded[j] = 0;
  const double largest = largest_magnitude(rounded);
  require_room(ring, level, largest, scale);

  std::vector<std::int64_t> whole;
  if (largest < narrow) whole.assign(rounded.begin(), rounded.end());
  out.words = Polynomial(memory, degree_ / out.run, level + 1);
  pool.for_each(level + 1, [&](std::size_t i) {
    const auto& [modulus, tables, kernel] = ring.limbs[i];
    Buffer all(memory, out.run == 1 ? 0 : degree_);
    Word* words = out.run == 1 ? out.words.limb(i) : all.data();
    if (!whole.empty()) {
      // A multiple of the prime that makes every coefficient positive.
      const Word shift = (static_cast<Word>(largest) / modulus.value + 1) * modulus.value;
      for (std::size_t j = 0; j < degree_; j++) words[j] = static_cast<Word>(whole[j]) + shift;
      kernel->reduce(words, words, degree_, modulus);
    } else {
      const WideResidue residue(modulus);
      std::transform(rounded.begin(), rounded.end(), words, residue);
    }
    kernel->forward(words, tables);
    for (std::size_t j = 0; out.run > 1 && j < degree_ / out.run; j++) out.words.limb(i)[j] = words[j * out.run];
  });
  return out;
}

}  // namespace fhec
