#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <vector>

#include "digits.hpp"
#include "ring.hpp"

namespace fhec {

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

}  // namespace fhec
