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

/// A key that turns a product with one secret into a ciphertext under another (Han and Ki, CT-RSA 2020, section 3), modulo the data primes
/// q_0 .. q_level and the special primes p_0 .. p_(special_count - 1), whose product is P. Digit d is the pair
///   b_d = -(a_d s + e_d) + P g_d s',   a_d uniform,
/// where g_d is 1 modulo the primes of the digit and 0 modulo the other data primes, s is the secret of the result and s' the one that
/// leaves. With one special prime and digits of one prime this is SEAL's key. Serves every level up to its own.
struct SwitchKey {
  SwitchKey() = default;
  /// Words undefined.
  SwitchKey(Memory& memory, const Ring& ring, std::size_t level, std::size_t special_count, std::vector<Digit> digits);

  std::size_t level = 0;
  std::size_t special_count = 0;
  std::vector<Digit> digits;
  /// For the key of a rotation its Galois element, else 1. Such a key is stored rotated back: s' is the secret s and s is s(X^(1/element)),
  /// so that the automorphism comes last and one split serves many rotations.
  std::uint64_t element = 1;
  /// All b, then all a: digit d modulo the key's limb j (data primes first) is limb d * limb_count() + j, in transform form.
  std::array<Polynomial, 2> halves;

  std::size_t limb_count() const noexcept { return level + 1 + special_count; }
  Word* words(std::size_t half, std::size_t digit, std::size_t j) noexcept {
    return halves[half].limb(digit * limb_count() + j);
  }
  const Word* words(std::size_t half, std::size_t digit, std::size_t j) const noexcept {
    return halves[half].limb(digit * limb_count() + j);
  }
};

/// Two polynomials (u_0, u_1) with u_0 + u_1 s = P c s' + noise modulo the basis, in transform form: a ciphertext times P.
struct ExtendedCiphertext {
  KeyBasis basis;
  std::array<Polynomial, 2> parts;
};

/// Words undefined.
ExtendedCiphertext fresh(Engine& engine, const KeyBasis& basis);

/// All digits of a split polynomial modulo one limb of its basis, in transform form, for products with keys.
class LiftedLimb {
 public:
  LiftedLimb(Engine& engine, const SplitPolynomial& split, std::size_t j);

  /// out = sum over the digits of digit times the key's half (0: b, 1: a), N words. The key must fit (see multiply_many).
  void multiply(Word* out, const SwitchKey& key, std::size_t half) const;

 private:
  const Ring* ring_;
  const KeyBasis* basis_;
  std::size_t j_;
  Polynomial scratch_;
  std::vector<const Word*> words_;
};

/// Inner products of the digits with each key. The keys' levels are at least that of the split polynomial, their digits are those that it
/// was split into; else FHE0801. Each limb of the digits is made once.
std::vector<ExtendedCiphertext> multiply_many(Engine& engine, const SplitPolynomial& split,
                                              std::span<const SwitchKey* const> keys);
ExtendedCiphertext multiply(Engine& engine, const SplitPolynomial& split, const SwitchKey& key);

/// What mod_down does besides.
struct ModDown {
  /// Added to the first part after the division; of level + 1 limbs.
  const Polynomial* addend = nullptr;
  /// The table of an automorphism that comes last.
  const std::uint32_t* automorphism = nullptr;
  /// Divide by P q_level instead of P: a rescale in the same rounding. Not at level 0, and not with an addend.
  bool rescale = false;
};

/// One part divided by P (or P q_level) and rounded to nearest; `u` is used up. The result has level + 1 (or level) limbs. Equal to SEAL's
/// division by its special prime.
Polynomial mod_down(Engine& engine, Polynomial&& u, const KeyBasis& basis, const ModDown& options);
std::array<Polynomial, 2> mod_down(Engine& engine, ExtendedCiphertext&& u, const ModDown& options);

/// Three parts to two, with the key of s' = s^2. Two parts are copied. Equal to SEAL's word for word with SEAL's key.
Ciphertext relinearize(Engine& engine, const Ciphertext& a, const SwitchKey& key);

/// relinearize and rescale with one rounding: fewer transforms and less noise than one after the other. Three parts, not at level 0.
Ciphertext relinearize_rescale(Engine& engine, const Ciphertext& a, const SwitchKey& key);

/// The same message under the secret of the key. Two parts.
Ciphertext switch_secret(Engine& engine, const Ciphertext& a, const SwitchKey& key);

}  // namespace fhec
