#pragma once

#include <cmath>
#include <cstddef>
#include <memory>
#include <vector>

#include "check.hpp"
#include "engine.hpp"
#include "key_maker.hpp"
#include "limbs.hpp"

namespace fhec::test {

/// What the primes of an engine look like; the widths are in bits.
struct EngineShape {
  std::size_t degree = 64;
  std::vector<int> data;
  std::vector<int> special;
  std::size_t threads = 1;
  KernelChoice kernel = KernelChoice::automatic;
};

/// Distinct random primes of these widths.
inline std::unique_ptr<Engine> random_engine(const EngineShape& shape) {
  EngineOptions options;
  options.degree = shape.degree;
  options.threads = shape.threads;
  options.kernel = shape.kernel;
  std::vector<Word> taken;
  const auto draw = [&](int bits) {
    for (;;) {
      const Word prime = random_prime(bits, shape.degree);
      bool fresh = true;
      for (const Word t : taken) fresh = fresh && t != prime;
      if (fresh) return taken.emplace_back(prime);
    }
  };
  for (const int bits : shape.data) options.data_primes.push_back(draw(bits));
  for (const int bits : shape.special) options.special_primes.push_back(draw(bits));
  return std::make_unique<Engine>(options);
}

/// A dense ternary secret from the test's generator.
inline SmallSecret random_secret(std::size_t degree) {
  SmallSecret secret(degree);
  for (std::int8_t& x : secret.coefficients()) x = static_cast<std::int8_t>(static_cast<int>(random_below(3)) - 1);
  return secret;
}

inline SmallSecret copy_of(const SmallSecret& secret) {
  SmallSecret copy(secret.coefficients().size());
  std::copy(secret.coefficients().begin(), secret.coefficients().end(), copy.coefficients().begin());
  return copy;
}

/// s(X^element), as a small polynomial.
inline SmallSecret automorphism_of(const SmallSecret& secret, std::uint64_t element) {
  const std::size_t n = secret.coefficients().size();
  SmallSecret out(n);
  for (std::size_t k = 0; k < n; k++) {
    const std::size_t place = k * element % (2 * n);
    const std::int8_t x = secret.coefficients()[k];
    out.coefficients()[place % n] = static_cast<std::int8_t>(place < n ? x : -x);
  }
  return out;
}

/// A uniform polynomial modulo q_0 .. q_level.
inline Polynomial random_polynomial(Engine& engine, std::size_t level) {
  Polynomial out(engine.memory(), engine.ring().degree, level + 1);
  for (std::size_t j = 0; j <= level; j++) {
    const AlignedWords words = random_words(engine.ring().degree, engine.ring().limbs[j].modulus.value);
    std::copy(words.begin(), words.end(), out.limb(j));
  }
  return out;
}

/// All words of a ciphertext, part by part and limb by limb.
inline std::vector<Word> words_of(const Engine& engine, const Ciphertext& a) {
  std::vector<Word> words;
  for (const Polynomial& part : a.parts)
    for (std::size_t i = 0; i < part.limb_count(); i++)
      words.insert(words.end(), part.limb(i), part.limb(i) + engine.ring().degree);
  return words;
}

inline Ciphertext random_ciphertext(Engine& engine, std::size_t parts, std::size_t level) {
  Ciphertext out;
  out.level = level;
  for (std::size_t p = 0; p < parts; p++) out.parts.push_back(random_polynomial(engine, level));
  return out;
}

/// A plaintext with these words.
inline Plaintext plaintext_of(Engine& engine, const Polynomial& words, std::size_t level) {
  Plaintext p;
  p.level = level;
  p.words = PackedPolynomial(engine.memory(), engine.ring().degree, limbs_of(engine.ring(), {level, 0}));
  for (std::size_t i = 0; i <= level; i++) p.words.put(i, words.limb(i));
  return p;
}

/// All words of limb i.
inline AlignedWords words_of(Engine& engine, const Plaintext& p, std::size_t i) {
  AlignedWords words(engine.ring().degree);
  p.get(i, 0, words.size(), words.data());
  return words;
}

/// c_0 + c_1 s + c_2 s^2 ... modulo the primes of its level.
inline Polynomial phase(Engine& engine, const Ciphertext& a, const SmallSecret& secret) {
  const std::size_t n = engine.ring().degree;
  Polynomial out(engine.memory(), n, a.level + 1);
  for (std::size_t j = 0; j <= a.level; j++) {
    const Limb& limb = engine.ring().limbs[j];
    AlignedWords s(n);
    secret.to_limb(s.data(), limb);
    std::copy_n(a.parts.back().limb(j), n, out.limb(j));
    for (std::size_t p = a.parts.size() - 1; p-- > 0;) {
      limb.kernel->multiply(out.limb(j), out.limb(j), s.data(), n, limb.modulus);
      limb.kernel->add(out.limb(j), out.limb(j), a.parts[p].limb(j), n, limb.modulus);
    }
  }
  return out;
}

/// The largest coefficient of a - b, which is small: the same integers modulo every prime of the first `limbs`, or the test fails.
inline double distance(Engine& engine, const Polynomial& a, const Polynomial& b, std::size_t limbs) {
  const std::size_t n = engine.ring().degree;
  std::vector<std::int64_t> first(n);
  double largest = 0;
  for (std::size_t j = 0; j < limbs; j++) {
    const Limb& limb = engine.ring().limbs[j];
    AlignedWords d(n);
    limb.kernel->subtract(d.data(), a.limb(j), b.limb(j), n, limb.modulus);
    limb.kernel->inverse(d.data(), limb.tables);
    for (std::size_t k = 0; k < n; k++) {
      const Word q = limb.modulus.value;
      const std::int64_t x = d[k] > q / 2 ? static_cast<std::int64_t>(d[k]) - static_cast<std::int64_t>(q) : static_cast<std::int64_t>(d[k]);
      if (j == 0) first[k] = x;
      CHECK_EQUAL(x, first[k]);
      largest = std::max(largest, std::abs(static_cast<double>(x)));
    }
  }
  return largest;
}

/// Nine standard deviations of the noise that one key switch adds to a coefficient: the digits times the errors over P, and the
/// rounding of both parts, the second one times a ternary secret.
inline double key_switch_bound(Engine& engine, const SwitchKey& key, std::size_t level) {
  const double n = static_cast<double>(engine.ring().degree);
  double special = 0;
  for (std::size_t i = 0; i < key.shape().basis.special_count; i++) special += std::log2(static_cast<double>(engine.ring().special(i).modulus.value));
  double variance = (1 + n) / 12;
  for (const Digit& digit : digits_at(key.shape().digits, level)) {
    double bits = 0;
    for (std::size_t i = 0; i < digit.count; i++) bits += std::log2(static_cast<double>(engine.ring().limbs[digit.first + i].modulus.value));
    variance += n * std::pow(std::exp2(bits - special), 2) / (digit.count == 1 ? 3 : 12) * 3.2 * 3.2;
  }
  return 9 * std::sqrt(variance) + 1;
}

}  // namespace fhec::test
