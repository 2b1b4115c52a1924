#include "encode.hpp"

#include <cmath>
#include <complex>
#include <limits>
#include <numbers>

#include "check.hpp"
#include "keys.hpp"

namespace fhec::test {
namespace {

/// Centred coefficients modulo q_0.
std::vector<double> coefficients(Engine& engine, const Plaintext& p) {
  const Limb& limb = engine.ring().limbs[0];
  AlignedWords words = words_of(engine, p, 0);
  limb.kernel->inverse(words.data(), limb.tables);
  std::vector<double> out;
  for (const Word w : words)
    out.push_back(w > limb.modulus.value / 2 ? -static_cast<double>(limb.modulus.value - w) : static_cast<double>(w));
  return out;
}

/// The value of slot j by its definition.
std::complex<double> slot(const std::vector<double>& coefficients, std::size_t j) {
  const std::size_t n = coefficients.size();
  std::size_t power = 1;
  for (std::size_t i = 0; i < j; i++) power = power * 3 % (2 * n);
  std::complex<double> sum = 0;
  for (std::size_t k = 0; k < n; k++) {
    const double angle = std::numbers::pi * static_cast<double>(k * power % (2 * n)) / static_cast<double>(n);
    sum += coefficients[k] * std::complex<double>(std::cos(angle), std::sin(angle));
  }
  return sum;
}

std::vector<double> random_numbers(std::size_t count) {
  std::vector<double> out(count);
  for (double& x : out) x = static_cast<double>(random_below(std::uint64_t{1} << 40)) / 0x1p39 - 1;
  return out;
}

Plaintext encode(Engine& engine, std::span<const double> values, std::size_t level, double scale) {
  return engine.encoder().encode(engine.ring(), engine.memory(), engine.pool(), values, level, scale);
}

}  // namespace

TEST(encode_keeps_one_word_of_each_run) {
  for (const std::size_t degree : {64, 512}) {
    const auto engine = random_engine({.degree = degree, .data = {55, 45}, .special = {}, .threads = 2});
    const std::size_t slots = degree / 2;
    for (std::size_t period = 2; period <= slots; period *= 2) {
      for (const std::size_t length : {slots, degree}) {
        std::vector<double> values = random_numbers(length);
        for (std::size_t j = 0; j < length; j++) values[j] = values[j - j % slots + j % period];
        const Plaintext p = encode(*engine, values, 1, 0x1p40);
        const std::size_t run = slots / period;
        CHECK_EQUAL(p.run, run < 16 ? std::size_t{1} : run);
        const std::vector<double> found = coefficients(*engine, p);
        for (std::size_t j = 0; j < slots; j++) {
          const std::complex<double> exact(values[j], length == degree ? values[slots + j] : 0);
          CHECK(std::abs(slot(found, j) / 0x1p40 - exact) < 0x1p-30);
        }
        // Words of any block are those of the whole.
        const AlignedWords whole = words_of(*engine, p, 1);
        for (std::size_t count = 8; count <= degree; count *= 2) {
          AlignedWords block(count);
          for (std::size_t at = 0; at < degree; at += count) {
            p.get(1, at, count, block.data());
            CHECK(std::equal(block.begin(), block.end(), whole.data() + at));
          }
        }
      }
    }
  }
}

TEST(encode_puts_numbers_into_slots) {
  // Lengths of the transform that are even and odd powers of two.
  for (const std::size_t degree : {16, 32, 64, 256, 512}) {
    const auto engine = random_engine({.degree = degree, .data = {55, 45}, .special = {}, .threads = 2});
    const std::size_t slots = degree / 2;
    for (const std::size_t length : {slots, degree}) {
      const std::vector<double> values = random_numbers(length);
      const double scale = 0x1p40;
      const Plaintext p = encode(*engine, values, 1, scale);
      CHECK_EQUAL(p.level, std::size_t{1});
      CHECK_EQUAL(p.scale, scale);
      const std::vector<double> c = coefficients(*engine, p);
      for (std::size_t j = 0; j < slots; j++) {
        const std::complex<double> got = slot(c, j) / scale;
        CHECK(std::abs(got.real() - values[j]) < 0x1p-30);
        CHECK(std::abs(got.imag() - (length == degree ? values[slots + j] : 0)) < 0x1p-30);
      }
    }
  }
}

TEST(encode_gives_one_integer_modulo_every_prime) {
  const auto engine = random_engine({.degree = 64, .data = {30, 50, 60, 61}, .special = {}});
  for (const double scale : {0x1p10, 0x1p20}) {
    const Plaintext p = encode(*engine, random_numbers(32), 3, scale);
    const std::vector<double> c = coefficients(*engine, p);
    for (std::size_t i = 1; i < 4; i++) {
      const Limb& limb = engine->ring().limbs[i];
      AlignedWords words = words_of(*engine, p, i);
      limb.kernel->inverse(words.data(), limb.tables);
      for (std::size_t k = 0; k < 64; k++) {
        const double centred = words[k] > limb.modulus.value / 2 ? -static_cast<double>(limb.modulus.value - words[k])
                                                                 : static_cast<double>(words[k]);
        CHECK_EQUAL(centred, c[k]);
      }
    }
  }
}

TEST(encode_is_right_beyond_64_bits) {
  // A power of two more in the scale is a product with it, where every coefficient is a whole number already.
  const auto engine = random_engine({.degree = 64, .data = {50, 50, 60}, .special = {}});
  const std::vector<double> values = random_numbers(32);
  for (const int bits : {8, 16, 30, 50}) {
    const Plaintext low = encode(*engine, values, 2, 0x1p85);
    const Plaintext high = encode(*engine, values, 2, std::ldexp(0x1p85, bits));
    for (std::size_t i = 0; i < 3; i++) {
      const Limb& limb = engine->ring().limbs[i];
      AlignedWords words = words_of(*engine, low, i);
      limb.kernel->multiply_scalar(words.data(), words.data(), pow_mod(2, static_cast<Word>(bits), limb.modulus), 64, limb.modulus);
      CHECK(words == words_of(*engine, high, i));
    }
  }
}

TEST(encode_makes_one_number_a_constant_polynomial) {
  const auto engine = random_engine({.degree = 64, .data = {50, 40}, .special = {}});
  for (const double x : {0.0, 1.0, -1.0, 0.3, -1234.5}) {
    const Plaintext p = encode(*engine, std::vector<double>{x}, 1, 0x1p30);
    CHECK_EQUAL(p.constants.size(), std::size_t{2});
    const std::vector<double> c = coefficients(*engine, p);
    CHECK_EQUAL(c[0], std::nearbyint(x * 0x1p30));
    for (std::size_t k = 1; k < c.size(); k++) CHECK_EQUAL(c[k], 0.0);
  }
}

TEST(encode_refuses_what_has_no_encoding) {
  const auto engine = random_engine({.degree = 64, .data = {50, 40}, .special = {}});
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double infinity = std::numeric_limits<double>::infinity();
  for (const double bad : {nan, infinity, -infinity, 0x1p100, -0x1p100}) {
    for (const std::size_t length : {1, 32, 64}) {
      std::vector<double> values(length, 0.5);
      values.back() = bad;
      CHECK_THROWS("FHE0803", encode(*engine, values, 1, 0x1p30));
    }
  }
  // Half of q_0 q_1 is at least 2^87.
  CHECK_EQUAL(encode(*engine, std::vector<double>{1}, 1, 0x1p86).level, std::size_t{1});
  CHECK_THROWS("FHE0803", encode(*engine, std::vector<double>{1}, 1, 0x1p90));
  CHECK_THROWS("FHE0801", encode(*engine, std::vector<double>{}, 1, 1));
  CHECK_THROWS("FHE0801", encode(*engine, std::vector<double>(31), 1, 1));
  CHECK_THROWS("FHE0801", encode(*engine, std::vector<double>(32), 2, 1));
  CHECK_THROWS("FHE0801", encode(*engine, std::vector<double>(32), 1, 0));
  CHECK_THROWS("FHE0801", encode(*engine, std::vector<double>(32), 1, nan));
}

}  // namespace fhec::test
