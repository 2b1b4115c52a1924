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

  explicit Modulus(Word prime);
};

/// Scalar arithmetic, for tables and constants; the vector code is in the kernels.
Word add_mod(Word a, Word b, const Modulus& q) noexcept;
Word sub_mod(Word a, Word b, const Modulus& q) noexcept;
Word mul_mod(Word a, Word b, const Modulus& q) noexcept;
Word pow_mod(Word base, Word exponent, const Modulus& q) noexcept;
/// The inverse of a nonzero value modulo a prime.
Word inv_mod(Word a, const Modulus& q) noexcept;

}  // namespace fhec
