#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <variant>
#include <vector>

#include "key_switch.hpp"
#include "weighted_sums.hpp"

namespace fhec {

/// P times a ciphertext of two parts, modulo q_0 .. q_level and all special primes, whose product is P: what key switching makes before it divides.
/// Sums and products with plaintexts can be taken in this form, so that several key switches share one division, with one rounding (double
/// hoisting: Bossuat, Mouchet, Troncoso-Pastoriza, Hubaux, Efficient bootstrapping for approximate homomorphic encryption with non-sparse
/// keys, EUROCRYPT 2021, section 4).
struct ExtendedCiphertext {
  std::vector<Polynomial> parts;
  std::size_t level = 0;
  /// Of the ciphertext.
  double scale = 1;
};

/// What can be added up or turned.
using Operand = std::variant<const Ciphertext*, const ExtendedCiphertext*>;

/// P times the ciphertext. All functions here throw FHE0801 for ciphertexts of other than two parts, and for operands that do not fit.
ExtendedCiphertext extend(Engine& engine, const Ciphertext& a);

/// `a` after the automorphism of each key, which is one for all special primes, and under the first secret again, plus the addend if there is one.
/// An extended `a` has its second part divided first, the first part stays as it is. The results have the scale of `a`.
std::vector<ExtendedCiphertext> turn_many(Engine& engine, const Operand& a, std::span<const SwitchKey* const> keys,
                                          const std::optional<Operand>& addend);

/// Weighted sums of extended ciphertexts with plaintexts that have all special primes.
std::vector<ExtendedCiphertext> weighted_sums(Engine& engine, std::span<const ExtendedCiphertext* const> inputs,
                                              std::span<const std::vector<WeightedTerm>> rows);

/// Divided by P and rounded; with `rescale`, not at level 0, by q_level too, in the same rounding.
Ciphertext divide(Engine& engine, const ExtendedCiphertext& a, bool rescale);

}  // namespace fhec
