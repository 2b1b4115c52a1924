#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "ring.hpp"

namespace fhec {

class BaseConversion;
class Engine;

/// The digits of hybrid key switching (Han and Ki, Better bootstrapping for approximate homomorphic encryption, CT-RSA 2020, section 3):
/// from q_0 up, as many consecutive data primes as keep the product of a digit at or below the product of the special primes; at least one
/// prime each. The same rule stands in ir/ckks/digits.ts, where the cost model counts with it.
std::vector<Digit> digits_of(std::span<const Word> data_primes, std::span<const Word> special_primes);

/// The digits that a polynomial of this level has: those up to the level, the last one cut where the level ends.
std::vector<Digit> digits_at(std::span<const Digit> digits, std::size_t level);

/// A polynomial cut into digits: digit d is a small polynomial that equals it modulo the primes of digit d. Digits of one prime have
/// coefficients in [0, q) as SEAL's, longer ones of product D in (-D/2, D/2).
class SplitPolynomial {
 public:
  /// `source` has at least level + 1 limbs in transform form and outlives the result; `digits` are those of a key of this level or more, else it
  /// throws FHE0801.
  SplitPolynomial(Engine& engine, const Polynomial& source, KeyBasis basis, std::span<const Digit> digits);

  const KeyBasis& basis() const noexcept { return basis_; }
  std::span<const Digit> digits() const noexcept { return digits_; }

  /// Digit d modulo limb j of the basis, in transform form: either a limb of the source, or written to `scratch` (N words).
  const Word* limb(std::size_t d, std::size_t j, Word* scratch) const;

 private:
  const Ring* ring_;
  const Polynomial* source_;
  KeyBasis basis_;
  std::vector<Digit> digits_;
  std::vector<const BaseConversion*> conversions_;
  /// What the conversions read: a limb for each data prime, and one of quotients for each digit.
  Rows scaled_;
  Rows quotients_;
};

/// All digits of a split polynomial modulo one limb of its basis, in transform form.
class LiftedLimb {
 public:
  LiftedLimb(Engine& engine, const SplitPolynomial& split, std::size_t j);

  std::span<const Word* const> words() const noexcept { return words_; }

 private:
  Buffer scratch_;
  std::vector<const Word*> words_;
};

/// Lifted limbs lie this many words apart beyond their length: beginning at one place modulo the size of a cache's way, they would push each
/// other out of it.
inline constexpr std::size_t lifted_padding = 64;

}  // namespace fhec
