#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "digits.hpp"
#include "ring.hpp"

namespace fhec {

class BaseConversion;
class Engine;

/// Division by the product of the last limbs of a basis, rounded to nearest: (u - r) / P modulo the other limbs, r being the representative of u
/// modulo P in (-P/2, P/2). For one special prime this is the end of SEAL's key switching word for word.
class ModDown {
 public:
  /// Divides by the special primes; with `rescale` by q_level too, a rescale in the same rounding. Throws FHE0801 for a rescale at level 0.
  ModDown(Engine& engine, const KeyBasis& basis, bool rescale);

  /// Limbs of the result; those of the basis from there on are divided by.
  std::size_t kept() const noexcept { return kept_; }
  std::size_t dropped() const noexcept { return limbs_.size(); }

  /// Dropped limb i (counted from `kept`) of u, from transform form to the form that `finish` reads; in place.
  void prepare(Word* words, std::size_t i) const;
  /// The second thing that `finish` reads, N words, from the prepared limbs of one polynomial, which lie one after another.
  void quotients(Word* out, const Word* prepared) const;
  /// Limb j < kept of the result; `out` is not `u`.
  void finish(Word* out, const Word* u, const Word* prepared, const Word* quotients, std::size_t j) const;

 private:
  const Ring* ring_;
  std::size_t kept_;
  std::vector<std::size_t> limbs_;
  const BaseConversion* conversion_;
};

/// Polynomials of all limbs of the basis, divided as above.
std::vector<Polynomial> divide_parts(Engine& engine, std::span<const Polynomial> parts, const KeyBasis& basis, bool rescale);

}  // namespace fhec
