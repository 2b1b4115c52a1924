#pragma once

// Only for files compiled with the AVX-512 IFMA instructions; nothing here may be reached before the processor is known to have them.

#include <immintrin.h>

#include "ntt_tables.hpp"

namespace fhec::ifma {

/// Eight words.
using Words = __m512i;

inline constexpr Word mask52 = (Word{1} << 52) - 1;

inline Words broadcast(Word value) noexcept { return _mm512_set1_epi64(static_cast<long long>(value)); }
inline Words load(const Word* from) noexcept { return _mm512_load_si512(from); }
inline void store(Word* to, Words value) noexcept { _mm512_store_si512(to, value); }
inline Words add(Words a, Words b) noexcept { return _mm512_add_epi64(a, b); }
inline Words subtract(Words a, Words b) noexcept { return _mm512_sub_epi64(a, b); }

/// The low and the high 52 bits of the products of the low 52 bits of a and b, added to a 64-bit sum.
inline Words add_low(Words sum, Words a, Words b) noexcept { return _mm512_madd52lo_epu64(sum, a, b); }
inline Words add_high(Words sum, Words a, Words b) noexcept { return _mm512_madd52hi_epu64(sum, a, b); }

/// value - bound where that is not negative.
inline Words reduce_once(Words value, Words bound) noexcept { return _mm512_min_epu64(value, subtract(value, bound)); }

/// A fixed factor below q with floor(factor 2^52 / q).
struct Factor {
  Words value;
  Words quotient;
};

/// The vector form of a scalar below q.
inline Factor factor_of(Word scalar, const Modulus& q) noexcept {
  return {broadcast(scalar), broadcast(shoup_quotient(scalar, q) >> 12)};
}

/// A prime of at most 50 bits, so that 4q fits the 52 bits of a multiplier.
struct Prime {
  Words q;
  Words two_q;
  /// 2^52 - q: adding its multiples subtracts those of q, modulo 2^52.
  Words negative_q;
  Words mask;

  explicit Prime(Word value) noexcept
      : q(broadcast(value)),
        two_q(broadcast(2 * value)),
        negative_q(broadcast(mask52 + 1 - value)),
        mask(broadcast(mask52)) {}

  /// x times the factor, below 2q, for any x below 2^52 (Shoup; Harvey 2014, section 2).
  Words multiply_lazy(Words x, const Factor& factor) const noexcept {
    const Words zero = _mm512_setzero_si512();
    const Words quotient = add_high(zero, x, factor.quotient);
    return _mm512_and_si512(add_low(add_low(zero, x, factor.value), quotient, negative_q), mask);
  }
};

void forward(Word* values, const NttTables& tables);
void inverse(Word* values, const NttTables& tables);

}  // namespace fhec::ifma
