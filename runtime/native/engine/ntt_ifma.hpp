#pragma once

// The arithmetic of a transform on AVX-512 IFMA. As ifma.hpp: only for files compiled with these instructions.

#include <cstddef>

#include "ifma.hpp"

namespace fhec::ifma {

/// How far words may grow between reductions decides what a butterfly costs. A multiplier reads 52 bits, so that a word may pass for its low
/// 52 bits wherever only those count, and must stay below 2^52: 64q, 16q and 4q for primes of at most 46, 48 and 50 bits.
enum class Width { narrow = 46, middle = 48, wide = 50 };

/// The tables of one transform and its constants.
struct Transform {
  Prime prime;
  /// q^-1 modulo 2^52.
  Words inverse_q;
  /// floor(2^52 / q).
  Words ratio;
  /// q, 2q, 4q, 8q, 16q, 32q.
  Words multiples[6];
  /// What keeps the differences of a narrow forward transform positive.
  Words bias;
  const Word* head_roots;
  const Word* head_quotients;
  const Word* tail_roots;
  std::size_t degree;

  explicit Transform(const NttTables& tables) noexcept
      : prime(tables.modulus.value),
        inverse_q(broadcast(inverse_modulo_power52(tables.modulus.value))),
        ratio(broadcast(tables.modulus.ratio[1] >> 12)),
        bias(broadcast(tables.modulus.value * forward_bias(tables.degree))),
        head_roots(tables.vector.head_roots.data()),
        head_quotients(tables.vector.head_quotients.data()),
        tail_roots(tables.vector.tail_roots.data()),
        degree(tables.degree) {
    for (int i = 0; i < 6; ++i) multiples[i] = broadcast(tables.modulus.value << i);
  }

  /// Newton's iteration doubles the correct bits, from three.
  static Word inverse_modulo_power52(Word q) noexcept {
    Word inverse = q;
    for (int bits = 3; bits < 52; bits *= 2) inverse *= 2 - q * inverse;
    return inverse & mask52;
  }

  /// A stage takes at most 2q off a word, each of the last three at most q. With as much again on top a word stays below 64q up to N = 2^17.
  static Word forward_bias(std::size_t degree) noexcept {
    Word stages = 0;
    while (degree >> stages > 1) ++stages;
    return 2 * (stages - 3) + 3;
  }

  Factor head(std::size_t i) const noexcept { return {broadcast(head_roots[i]), broadcast(head_quotients[i])}; }
  Words tail(std::size_t i) const noexcept { return load(tail_roots + 8 * i); }

  /// A power of two times q.
  template <int Multiple>
  Words times_q() const noexcept {
    static_assert(Multiple >= 1 && Multiple <= 32 && (Multiple & (Multiple - 1)) == 0);
    return multiples[Multiple >= 32 ? 5 : Multiple >= 16 ? 4 : Multiple >= 8 ? 3 : Multiple >= 4 ? 2 : Multiple >= 2 ? 1 : 0];
  }

  /// x times a factor, below 2q in its low 52 bits, for x below 2^52 in its own.
  Words multiply(Words x, const Factor& factor) const noexcept {
    const Words zero = _mm512_setzero_si512();
    const Words quotient = add_high(zero, x, factor.quotient);
    return add_low(add_low(zero, x, factor.value), quotient, prime.negative_q);
  }

  /// The same with a factor in Montgomery form: x factor and m q agree in their low 52 bits, so that the difference of the high ones is
  /// (x factor - m q) / 2^52, above -q and below q (Montgomery, Modular multiplication without trial division, 1985). All bits count.
  Words multiply(Words x, Words factor) const noexcept {
    const Words zero = _mm512_setzero_si512();
    const Words m = add_low(zero, add_low(zero, x, factor), inverse_q);
    return subtract(add_high(prime.q, x, factor), add_high(zero, m, prime.q));
  }

  /// Below 2q in the low 52 bits, from below 2^52 in them.
  Words reduce_lazy(Words x) const noexcept {
    return add_low(x, add_high(_mm512_setzero_si512(), x, ratio), prime.negative_q);
  }

  Words cut(Words x) const noexcept { return _mm512_and_si512(x, prime.mask); }
};

/// What a forward butterfly does with its left word first. Bounds in multiples of q: wide words go from 4 to 2, and to 4 again; middle ones from
/// 16 to 8 once in a pass of up to four stages, each of which adds 2; narrow ones have room for all stages.
template <Width W, bool FirstStage>
inline Words forward_left(Words a, const Transform& transform) noexcept {
  if constexpr (W == Width::wide) return reduce_once(transform.cut(a), transform.times_q<2>());
  if constexpr (W == Width::middle && FirstStage) return reduce_once(transform.cut(a), transform.times_q<8>());
  return a;
}

/// a, b become a + b w, a - b w (Harvey 2014, algorithm 4) plus 2q where there is no bias.
template <Width W, bool FirstStage>
inline void forward_butterfly(Words& a, Words& b, const Factor& w, const Transform& transform) noexcept {
  const Words left = forward_left<W, FirstStage>(a, transform);
  Words twice = add(left, left);
  if constexpr (W != Width::narrow) twice = add(twice, transform.prime.two_q);
  const Words quotient = add_high(_mm512_setzero_si512(), b, w.quotient);
  a = add_low(add_low(left, b, w.value), quotient, transform.prime.negative_q);
  b = subtract(twice, a);
}

/// The same with a root in Montgomery form: a + b w, a - b w, plus q where there is no bias.
template <Width W, bool FirstStage>
inline void forward_butterfly(Words& a, Words& b, Words w, const Transform& transform) noexcept {
  Words left = forward_left<W, FirstStage>(a, transform);
  if constexpr (W != Width::narrow) left = add(left, transform.prime.q);
  const Words twice = add(left, left);
  const Words zero = _mm512_setzero_si512();
  const Words m = add_low(zero, add_low(zero, b, w), transform.inverse_q);
  b = add_high(subtract(twice, add_high(left, b, w)), m, transform.prime.q);
  a = subtract(twice, b);
}

/// The forward result below q.
template <Width W>
inline Words forward_finish(Words x, const Transform& transform) noexcept {
  if constexpr (W == Width::wide) return reduce_once(reduce_once(x, transform.prime.two_q), transform.prime.q);
  return reduce_once(transform.cut(transform.reduce_lazy(x)), transform.prime.q);
}

/// The bound of all words where a pass of the inverse begins and ends, in multiples of q.
template <Width W>
inline constexpr int inverse_limit = W == Width::narrow ? 4 : 2;

/// a, b below Bound q become a + b, and (b - a) w below 2q, where w is minus the inverse of the forward root. Sums of wide words are below 2q
/// again, others below 2 Bound q.
template <Width W, int Bound, class Root>
inline void inverse_butterfly(Words& a, Words& b, const Root& root, const Transform& transform) noexcept {
  const Words sum = add(a, b);
  b = transform.multiply(subtract(add(b, transform.times_q<Bound>()), a), root);
  a = sum;
  if constexpr (W == Width::wide) a = reduce_once(transform.cut(sum), transform.times_q<2>());
}

/// Rows become columns.
inline void transpose(Words* v) noexcept {
  Words pairs[8];
#pragma GCC unroll 4
  for (int i = 0; i < 8; i += 2) {
    pairs[i] = _mm512_unpacklo_epi64(v[i], v[i + 1]);
    pairs[i + 1] = _mm512_unpackhi_epi64(v[i], v[i + 1]);
  }
#pragma GCC unroll 2
  for (int odd = 0; odd < 2; ++odd) {
    const Words low_even = _mm512_shuffle_i64x2(pairs[odd], pairs[2 + odd], 0x88);
    const Words low_odd = _mm512_shuffle_i64x2(pairs[odd], pairs[2 + odd], 0xdd);
    const Words high_even = _mm512_shuffle_i64x2(pairs[4 + odd], pairs[6 + odd], 0x88);
    const Words high_odd = _mm512_shuffle_i64x2(pairs[4 + odd], pairs[6 + odd], 0xdd);
    v[odd] = _mm512_shuffle_i64x2(low_even, high_even, 0x88);
    v[4 + odd] = _mm512_shuffle_i64x2(low_even, high_even, 0xdd);
    v[2 + odd] = _mm512_shuffle_i64x2(low_odd, high_odd, 0x88);
    v[6 + odd] = _mm512_shuffle_i64x2(low_odd, high_odd, 0xdd);
  }
}

}  // namespace fhec::ifma
