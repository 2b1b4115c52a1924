#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "key_switch.hpp"

namespace fhec {

/// h with element h = 1 modulo 2N; the element is odd.
std::uint64_t inverse_element(std::uint64_t element, std::size_t degree);

/// The key that SEAL's form of a Galois key (s' = s(X^element) to s) becomes here: both halves rotated back, see SwitchKey::element.
/// `key.element` is 1 before. Changes the key.
void rotate_back(Engine& engine, SwitchKey& key, std::uint64_t element);

/// X -> X^element on both parts and back to the first secret: a rotation or a conjugation, as the key says. Two parts.
Ciphertext rotate(Engine& engine, const Ciphertext& a, const SwitchKey& key);

/// One result for each key. The second part is split once for all (hoisting: Halevi and Shoup, Faster homomorphic linear transformations in
/// HElib, CRYPTO 2018, section 4).
std::vector<Ciphertext> rotate_many(Engine& engine, const Ciphertext& a, std::span<const SwitchKey* const> keys);

/// `rotate`, plus `addend`: equal to rotate and add word for word. Both of two parts, one level and one scale, else FHE0801. The result has the
/// scale of `a`, as add(rotate(a), addend).
Ciphertext rotate_add(Engine& engine, const Ciphertext& a, const SwitchKey& key, const Ciphertext& addend);
/// The same with the scale of the addend, as add(addend, rotate(a)).
Ciphertext add_rotated(Engine& engine, const Ciphertext& addend, const Ciphertext& a, const SwitchKey& key);

}  // namespace fhec
