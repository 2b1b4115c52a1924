#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "digits.hpp"
#include "ring.hpp"

namespace fhec {

class Engine;

/// What a switching key serves: ciphertexts modulo the data primes q_0 .. q_level, at most, with the special primes p_0 .. p_(special_count - 1),
/// whose product is P.
struct KeyShape {
  KeyBasis basis;
  std::vector<Digit> digits;
  /// For the key of a rotation its Galois element, else 1. Such a key is stored rotated back: s' is the secret s and s is s(X^(1/element)),
  /// so that the automorphism comes last and one split serves many rotations.
  std::uint64_t element = 1;
};

/// A key that turns a product with one secret into a ciphertext under another (Han and Ki, CT-RSA 2020, section 3), modulo all primes of its
/// basis. Digit d is the pair
///   b_d = -(a_d s + e_d) + P g_d s',   a_d uniform,
/// where g_d is 1 modulo the primes of the digit and 0 modulo the other data primes, s is the secret of the result and s' the one that
/// leaves. With one special prime and digits of one prime this is SEAL's key.
class SwitchKey {
 public:
  SwitchKey() = default;
  /// Words undefined.
  SwitchKey(Memory& memory, const Ring& ring, KeyShape shape);

  const KeyShape& shape() const noexcept { return shape_; }
  void set_element(std::uint64_t element) noexcept { shape_.element = element; }

  /// Half 0 is b, half 1 is a; limb j of the basis; N words in transform form. Parts that differ can be put by several threads.
  void put(std::size_t half, std::size_t digit, std::size_t j, const Word* words) noexcept;
  void get(std::size_t half, std::size_t digit, std::size_t j, Word* words) const noexcept;

  /// All of limb j as Kernel::inner_product_pair reads it, with as many terms as the key has digits.
  const std::uint8_t* packed(std::size_t j) const noexcept {
    return reinterpret_cast<const std::uint8_t*>(bytes_.data()) + limbs_[j].at;
  }

 private:
  struct PackedLimb {
    /// The byte at which it begins.
    std::size_t at;
    const Limb* limb;
  };

  KeyShape shape_;
  std::size_t degree_ = 0;
  std::vector<PackedLimb> limbs_;
  Buffer bytes_;
};

/// Throws FHE0801 when the key does not serve the split polynomial: its level is lower, or its digits are others.
void require_key(const SplitPolynomial& split, const SwitchKey& key);

/// (u_0, u_1) modulo limb j of the split polynomial's basis: inner products of its digits modulo that limb, `lifted`, with the key's. Then
/// u_0 + u_1 s = P c s' + noise modulo the basis. The key must serve the polynomial.
void multiply_limb(Engine& engine, const SplitPolynomial& split, std::size_t j, std::span<const Word* const> lifted,
                   const SwitchKey& key, Word* const* out);

/// words = words + P c modulo limb j <= level, where P counts the special primes of the basis.
void add_times_p(Engine& engine, Word* words, const Polynomial& c, std::size_t j, const KeyBasis& basis);

/// Switches one split polynomial c with a key and what else comes to it.
struct Switching {
  const SwitchKey* key = nullptr;
  /// Added to the parts of the result where not null.
  std::array<const Polynomial*, 2> addends{};
  /// Two parts that are added after the automorphism, or null; not with a rescale.
  const Ciphertext* after = nullptr;
};

/// For each switching the two polynomials (u_0 / P + addend_0, u_1 / P + addend_1), rounded, with the automorphism of the key and what comes after
/// it; with `rescale` divided by q_level too. Each limb of the digits is made once for all keys.
std::vector<std::array<Polynomial, 2>> switch_many(Engine& engine, const SplitPolynomial& split,
                                                   std::span<const Switching> switchings, bool rescale);

/// Three parts to two, with the key of s' = s^2. Equal to SEAL's word for word with SEAL's key.
Ciphertext relinearize(Engine& engine, const Ciphertext& a, const SwitchKey& key);

/// relinearize and rescale with one rounding: fewer transforms and less noise than one after the other. Three parts, not at level 0.
Ciphertext relinearize_rescale(Engine& engine, const Ciphertext& a, const SwitchKey& key);

/// The same message under the secret of the key. Two parts.
Ciphertext switch_secret(Engine& engine, const Ciphertext& a, const SwitchKey& key);

}  // namespace fhec
