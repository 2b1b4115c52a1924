#pragma once

#include <cstdint>

namespace fhec {

using Word = std::uint64_t;
__extension__ using Wide = unsigned __int128;

/// A prime modulus below 2^61 with what Barrett reduction needs.
struct Modulus {
  Word value = 0;
  /// floor(2^128 / value), low word first.
  Word ratio[2] = {0, 0};
  int bits = 0;

  /// Throws FHE0801 when the value is not an odd prime below 2^61.
  explicit Modulus(Word prime);
};

/// Whether a value below 2^61 is prime (Miller-Rabin with bases that decide every 64-bit number).
bool is_prime(Word value) noexcept;

/// Scalar arithmetic, for tables and constants; the vector code is in the kernels.
Word add_mod(Word a, Word b, const Modulus& q) noexcept;
Word sub_mod(Word a, Word b, const Modulus& q) noexcept;
Word mul_mod(Word a, Word b, const Modulus& q) noexcept;
Word pow_mod(Word base, Word exponent, const Modulus& q) noexcept;
/// The inverse of a nonzero value modulo a prime.
Word inv_mod(Word a, const Modulus& q) noexcept;

inline Word high_product(Word a, Word b) noexcept { return static_cast<Word>((static_cast<Wide>(a) * b) >> 64); }

/// floor(value / q) or one less, for any 128-bit value: floor(value ratio / 2^128) (Barrett).
inline Word barrett_quotient(Wide value, const Modulus& q) noexcept {
  const Word low = static_cast<Word>(value);
  const Word high = static_cast<Word>(value >> 64);
  const Wide middle = static_cast<Wide>(low) * q.ratio[1] + high_product(low, q.ratio[0]);
  const Wide other = static_cast<Wide>(high) * q.ratio[0] + static_cast<Word>(middle);
  return high * q.ratio[1] + static_cast<Word>(middle >> 64) + static_cast<Word>(other >> 64);
}

/// Any 128-bit value modulo q.
inline Word reduce_wide(Wide value, const Modulus& q) noexcept {
  const Word rest = static_cast<Word>(value) - barrett_quotient(value, q) * q.value;
  return rest >= q.value ? rest - q.value : rest;
}

/// floor(factor 2^64 / q) for a factor below q: multiplication by the fixed factor then needs no division
/// (Shoup; see Harvey, Faster arithmetic for number-theoretic transforms, 2014, section 2).
Word shoup_quotient(Word factor, const Modulus& q) noexcept;

}  // namespace fhec
