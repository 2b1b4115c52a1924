#include <bit>
#include <cstddef>
#include <cstdint>

#include "ifma.hpp"
#include "kernel.hpp"

namespace fhec::ifma {
namespace {

/// How far words may grow between reductions, in multiples of q: as far as a multiplier's 52 bits allow.
inline constexpr int limit_of_50_bits = 4;
inline constexpr int limit_of_48_bits = 16;

/// The tables of one transform and its constants.
struct Transform {
  Prime prime;
  /// q^-1 modulo 2^52.
  Words inverse_q;
  /// floor(2^52 / q).
  Words ratio;
  Words four_q;
  Words eight_q;
  const Word* head_roots;
  const Word* head_quotients;
  const Word* tail_roots;
  std::size_t degree;

  explicit Transform(const NttTables& tables) noexcept
      : prime(tables.modulus.value),
        inverse_q(broadcast(inverse_modulo_power52(tables.modulus.value))),
        ratio(broadcast(tables.modulus.ratio[1] >> 12)),
        four_q(broadcast(4 * tables.modulus.value)),
        eight_q(broadcast(8 * tables.modulus.value)),
        head_roots(tables.vector.head_roots.data()),
        head_quotients(tables.vector.head_quotients.data()),
        tail_roots(tables.vector.tail_roots.data()),
        degree(tables.degree) {}

  /// Newton's iteration doubles the correct bits, from three.
  static Word inverse_modulo_power52(Word q) noexcept {
    Word inverse = q;
    for (int bits = 3; bits < 52; bits *= 2) inverse *= 2 - q * inverse;
    return inverse & mask52;
  }

  Factor head(std::size_t i) const noexcept { return {broadcast(head_roots[i]), broadcast(head_quotients[i])}; }
  Words tail(std::size_t i) const noexcept { return load(tail_roots + 8 * i); }

  /// Multiples of q that are powers of two.
  template <int Multiple>
  Words times_q() const noexcept {
    static_assert(Multiple == 1 || Multiple == 2 || Multiple == 4 || Multiple == 8);
    if constexpr (Multiple == 1) return prime.q;
    if constexpr (Multiple == 2) return prime.two_q;
    if constexpr (Multiple == 4) return four_q;
    if constexpr (Multiple == 8) return eight_q;
  }

  /// x times a factor, below 2q, for any x below 2^52.
  Words multiply(Words x, const Factor& factor) const noexcept { return prime.multiply_lazy(x, factor); }

  /// The same with a factor in Montgomery form: x factor and m q agree in their low 52 bits, so that the difference of the high ones is
  /// (x factor - m q) / 2^52, above -q and below q (Montgomery, Modular multiplication without trial division, 1985).
  Words multiply(Words x, Words factor) const noexcept {
    const Words zero = _mm512_setzero_si512();
    const Words m = add_low(zero, add_low(zero, x, factor), inverse_q);
    return subtract(add_high(prime.q, x, factor), add_high(zero, m, prime.q));
  }

  /// From below Bound q to below To q, both powers of two.
  template <int Bound, int To>
  Words reduce(Words x) const noexcept {
    if constexpr (Bound <= To) {
      return x;
    } else {
      return reduce<Bound / 2, To>(reduce_once(x, times_q<Bound / 2>()));
    }
  }

  /// From below 2^52 to below q.
  Words reduce_fully(Words x) const noexcept {
    const Words quotient = add_high(_mm512_setzero_si512(), x, ratio);
    return reduce_once(_mm512_and_si512(add_low(x, quotient, prime.negative_q), prime.mask), prime.q);
  }
};

/// The bound of all words, in multiples of q, after some forward stages that began below `limit`.
constexpr int forward_bound(int limit, int stages) noexcept {
  int bound = limit;
  for (int i = 0; i < stages; ++i) bound = (bound + 2 > limit ? limit / 2 : bound) + 2;
  return bound;
}

/// a, b become a + b w, a - b w (Harvey 2014, algorithm 4); a is below Bound q and reduced only where the sum would pass the limit.
template <int Limit, int Bound, class Root>
inline void forward_butterfly(Words& a, Words& b, const Root& root, const Transform& transform) noexcept {
  Words left = a;
  if constexpr (Bound + 2 > Limit) left = reduce_once(a, transform.times_q<Limit / 2>());
  const Words right = transform.multiply(b, root);
  a = add(left, right);
  b = subtract(add(left, transform.prime.two_q), right);
}

/// a, b below Bound q become a + b, and (b - a) w below 2q, where w is minus the inverse of the forward root.
template <int Bound, class Root>
inline void inverse_butterfly(Words& a, Words& b, const Root& root, const Transform& transform) noexcept {
  const Words sum = add(a, b);
  b = transform.multiply(subtract(add(b, transform.times_q<Bound>()), a), root);
  a = sum;
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

/// The roots of the stages below a node, that of stage s and its child i at place 2^s - 1 + i.
template <int Log>
struct HeadRoots {
  Factor of[(1 << Log) - 1];

  HeadRoots(const Transform& transform, std::size_t index) noexcept {
#pragma GCC unroll 16
    for (std::size_t i = 1; i < std::size_t{1} << Log; ++i) {
      const std::size_t first = std::bit_floor(i);
      of[i - 1] = transform.head(index * first + i - first);
    }
  }
};

/// Independent columns that are computed side by side: one alone leaves the multipliers waiting for each other's results.
template <int Log>
inline constexpr int columns = Log <= 3 ? 2 : 1;

template <int Log, int Columns>
inline void load_columns(Words (&v)[Columns][1 << Log], const Word* values, std::size_t stride) noexcept {
#pragma GCC unroll 32
  for (int i = 0; i < Columns << Log; ++i) {
    v[i % Columns][i / Columns] = load(values + static_cast<std::size_t>(i / Columns) * stride + 8 * (i % Columns));
  }
}

template <int Log, int Columns>
inline void store_columns(Word* values, std::size_t stride, const Words (&v)[Columns][1 << Log]) noexcept {
#pragma GCC unroll 32
  for (int i = 0; i < Columns << Log; ++i) {
    store(values + static_cast<std::size_t>(i / Columns) * stride + 8 * (i % Columns), v[i % Columns][i / Columns]);
  }
}

/// Stages `Stage` to Log - 1; `roots` gives the root of a column's stage and child.
template <int Limit, int Log, int Stage, int Columns, class Roots>
inline void forward_stages(Words (&v)[Columns][1 << Log], const Roots& roots, const Transform& transform) noexcept {
  if constexpr (Stage < Log) {
    constexpr int half = 1 << (Log - 1 - Stage);
#pragma GCC unroll 16
    for (int i = 0; i < Columns << (Log - 1); ++i) {
      const int column = i % Columns;
      const int child = i / Columns / half;
      Words* pair = v[column] + 2 * half * child + i / Columns % half;
      forward_butterfly<Limit, forward_bound(Limit, Stage)>(pair[0], pair[half], roots(column, (1 << Stage) - 1 + child), transform);
    }
    forward_stages<Limit, Log, Stage + 1>(v, roots, transform);
  }
}

/// The bound of a place, in multiples of q, before the inverse stage whose pairs lie `half` apart. All begin below 2q at the stage of pairs
/// `start` apart; sums double the bound, products are below 2q again.
constexpr int inverse_bound(int place, int start, int half) noexcept {
  int bound = 2;
  for (int step = start; step < half; step *= 2) bound = place & step ? 2 : 2 * bound;
  return bound;
}

/// Sums may double three times.
constexpr int inverse_start(int half) noexcept { return half < 8 ? 1 : 8; }

template <int Limit, int Half, int Place, int Columns, int Size, class Roots>
inline void inverse_pairs(Words (&v)[Columns][Size], const Roots& roots, const Transform& transform) noexcept {
  if constexpr (Place < Size) {
    if constexpr ((Place & Half) == 0) {
      constexpr int bound = Limit == limit_of_50_bits ? 2 : inverse_bound(Place, inverse_start(Half), Half);
      constexpr int children = Size / (2 * Half);
      constexpr int child = Place / (2 * Half);
#pragma GCC unroll 2
      for (int column = 0; column < Columns; ++column) {
        Words& a = v[column][Place];
        // The roots are those of the mirrored node.
        inverse_butterfly<bound>(a, v[column][Place + Half], roots(column, 2 * children - 2 - child), transform);
        if constexpr (Limit == limit_of_50_bits) a = transform.reduce<4, 2>(a);
      }
    }
    inverse_pairs<Limit, Half, Place + 1>(v, roots, transform);
  }
}

/// Below 2q again, after the stage whose pairs lie Half apart.
template <int Half, int Place, int Columns, int Size>
inline void inverse_reduce(Words (&v)[Columns][Size], const Transform& transform) noexcept {
  if constexpr (Place < Size) {
#pragma GCC unroll 2
    for (int column = 0; column < Columns; ++column) {
      v[column][Place] = transform.reduce<inverse_bound(Place, inverse_start(Half), 2 * Half), 2>(v[column][Place]);
    }
    inverse_reduce<Half, Place + 1>(v, transform);
  }
}

/// The stages whose pairs lie Half to End / 2 apart, from below 2q to below 2q.
template <int Limit, int Half, int End, int Columns, int Size, class Roots>
inline void inverse_stages(Words (&v)[Columns][Size], const Roots& roots, const Transform& transform) noexcept {
  if constexpr (Half < End) {
    inverse_pairs<Limit, Half, 0>(v, roots, transform);
    constexpr bool far = 2 * Half == End || inverse_start(2 * Half) != inverse_start(Half);
    if constexpr (far && Limit != limit_of_50_bits) inverse_reduce<Half, 0>(v, transform);
    inverse_stages<Limit, 2 * Half, End>(v, roots, transform);
  }
}

/// What divides by N in the last stage of the inverse.
struct Scale {
  Factor left;
  Factor right;
};

/// The last stage of all: (a + b) / N and (b - a) w / N, fully reduced.
template <int Columns, int Size>
inline void inverse_last_stage(Words (&v)[Columns][Size], const Scale& scale, const Transform& transform) noexcept {
  constexpr int half = Size / 2;
#pragma GCC unroll 16
  for (int i = 0; i < Columns * half; ++i) {
    Words& a = v[i % Columns][i / Columns];
    Words& b = v[i % Columns][i / Columns + half];
    const Words sum = add(a, b);
    const Words difference = subtract(add(b, transform.prime.two_q), a);
    a = reduce_once(transform.multiply(sum, scale.left), transform.prime.q);
    b = reduce_once(transform.multiply(difference, scale.right), transform.prime.q);
  }
}

/// A transform that meets its words and tables in the last cache or in memory waits for them twice as long as it computes, unless they are
/// asked for ahead. Nothing happens at addresses beyond an array.
inline constexpr std::size_t blocks_ahead = 8;
/// Rows this long come from beyond the first cache.
inline constexpr std::size_t far_stride = 1024;

template <int Vectors>
inline void prefetch(const Word* base, std::size_t words) noexcept {
  // An integer, because a pointer may not leave its array.
  const std::uintptr_t first = reinterpret_cast<std::uintptr_t>(base) + sizeof(Word) * words;
#pragma GCC unroll 16
  for (std::size_t i = 0; i < Vectors; ++i) _mm_prefetch(reinterpret_cast<const char*>(first + 64 * i), _MM_HINT_T0);
}

template <int Log, int Columns>
inline void prefetch_columns(const Word* values, std::size_t words, std::size_t stride) noexcept {
#pragma GCC unroll 16
  for (std::size_t row = 0; row < std::size_t{1} << Log; ++row) prefetch<Columns>(values, words + row * stride);
}

/// `Log` stages of a node of 2^Log rows of `stride` words.
template <int Limit, int Log>
void forward_pass(Word* values, std::size_t stride, std::size_t index, const Transform& shared) noexcept {
  const Transform transform = shared;
  const HeadRoots<Log> head(transform, index);
  for (std::size_t i = 0; i < stride; i += 8 * columns<Log>) {
    Words v[columns<Log>][1 << Log];
    load_columns<Log>(v, values + i, stride);
    if (stride >= far_stride) prefetch_columns<Log, columns<Log>>(values, i + 64, stride);
    forward_stages<Limit, Log, 0>(v, [&](int, int place) -> const Factor& { return head.of[place]; }, transform);
    store_columns<Log>(values + i, stride, v);
  }
}

template <int Limit, int Log, bool Last>
void inverse_pass(Word* values, std::size_t stride, std::size_t mirrored, const Transform& shared, const Scale& scale) noexcept {
  const Transform transform = shared;
  const HeadRoots<Log> head(transform, mirrored);
  constexpr int end = Last ? 1 << (Log - 1) : 1 << Log;
  for (std::size_t i = 0; i < stride; i += 8 * columns<Log>) {
    Words v[columns<Log>][1 << Log];
    load_columns<Log>(v, values + i, stride);
    inverse_stages<Limit, 1, end>(v, [&](int, int place) -> const Factor& { return head.of[place]; }, transform);
    if constexpr (Last) inverse_last_stage(v, scale, transform);
    store_columns<Log>(values + i, stride, v);
  }
}

/// The last six stages of `Columns` blocks of 64 words.
template <int Limit, int Columns>
inline void forward_blocks(Word* values, std::size_t block, const Transform& transform) noexcept {
  Words v[Columns][8];
#pragma GCC unroll 16
  for (int i = 0; i < 8 * Columns; ++i) v[i / 8][i % 8] = load(values + 8 * i);
  const std::size_t index = transform.degree / 64 + block;
  const auto head = [&](int column, int place) {
    const std::size_t i = static_cast<std::size_t>(place) + 1;
    const std::size_t first = std::bit_floor(i);
    return transform.head((index + static_cast<std::size_t>(column)) * first + i - first);
  };
  prefetch<7 * Columns>(transform.tail_roots, 56 * (block + blocks_ahead));
  forward_stages<Limit, 3, 0>(v, head, transform);
#pragma GCC unroll 2
  for (int column = 0; column < Columns; ++column) transpose(v[column]);
  const auto tail = [&](int column, int place) {
    return transform.tail(7 * (block + static_cast<std::size_t>(column)) + static_cast<std::size_t>(place));
  };
  forward_stages<Limit, 3, 0>(v, tail, transform);
#pragma GCC unroll 2
  for (int column = 0; column < Columns; ++column) {
#pragma GCC unroll 8
    for (int k = 0; k < 8; ++k) {
      Words& x = v[column][k];
      x = Limit == limit_of_50_bits ? transform.reduce<4, 1>(x) : transform.reduce_fully(x);
    }
    transpose(v[column]);
  }
#pragma GCC unroll 16
  for (int i = 0; i < 8 * Columns; ++i) store(values + 8 * i, v[i / 8][i % 8]);
}

/// The first six inverse stages of `Columns` blocks. Rows are taken in reverse, so that lane r meets the root of the mirrored node r.
template <int Limit, int Columns, bool Last>
inline void inverse_blocks(Word* values, std::size_t block, const Transform& transform, const Scale& scale) noexcept {
  const std::size_t mirrored = transform.degree / 64 - 1 - block;
  Words v[Columns][8];
#pragma GCC unroll 16
  for (int i = 0; i < 8 * Columns; ++i) v[i / 8][7 - i % 8] = load(values + 8 * i);
#pragma GCC unroll 2
  for (int column = 0; column < Columns; ++column) transpose(v[column]);
  const auto tail = [&](int column, int place) {
    return transform.tail(7 * (mirrored - static_cast<std::size_t>(column)) + static_cast<std::size_t>(place));
  };
  prefetch<8 * Columns>(values, 64 * blocks_ahead);
  // Tables are read from their end; the last blocks have nothing ahead.
  if (mirrored >= blocks_ahead) prefetch<7 * Columns>(transform.tail_roots, 56 * (mirrored - blocks_ahead));
  inverse_stages<Limit, 1, 8>(v, tail, transform);
  Words rows[Columns][8];
#pragma GCC unroll 2
  for (int column = 0; column < Columns; ++column) {
    transpose(v[column]);
#pragma GCC unroll 8
    for (int k = 0; k < 8; ++k) rows[column][k] = v[column][7 - k];
  }
  const std::size_t index = transform.degree / 64 + mirrored;
  const auto head = [&](int column, int place) {
    const std::size_t i = static_cast<std::size_t>(place) + 1;
    const std::size_t first = std::bit_floor(i);
    return transform.head((index - static_cast<std::size_t>(column)) * first + i - first);
  };
  inverse_stages<Limit, 1, Last ? 4 : 8>(rows, head, transform);
  if constexpr (Last) inverse_last_stage(rows, scale, transform);
#pragma GCC unroll 16
  for (int i = 0; i < 8 * Columns; ++i) store(values + 8 * i, rows[i / 8][i % 8]);
}

/// How many stages the next pass over a node of `length` words takes. Sixteen rows only where they are near: rows a page apart share the few
/// places that the first cache has for them.
inline int pass_stages(std::size_t length) noexcept {
  const int stages = std::countr_zero(length) - 6;
  return stages <= 4 && stages != 3 ? stages : 3;
}

/// One node of `length` words and all below it; depth first, so that a node that fits the first cache stays there.
template <int Limit>
void forward_node(Word* values, std::size_t length, std::size_t index, const Transform& transform) noexcept {
  const int stages = pass_stages(length);
  const std::size_t stride = length >> stages;
  switch (stages) {
    case 1: forward_pass<Limit, 1>(values, stride, index, transform); break;
    case 2: forward_pass<Limit, 2>(values, stride, index, transform); break;
    case 3: forward_pass<Limit, 3>(values, stride, index, transform); break;
    default: forward_pass<Limit, 4>(values, stride, index, transform); break;
  }
  const std::size_t nodes = std::size_t{1} << stages;
  const std::size_t first = index << stages;
  if (stride == 64) {
    for (std::size_t i = 0; i < nodes; i += 2) {
      forward_blocks<Limit, 2>(values + i * stride, first + i - transform.degree / 64, transform);
    }
  } else {
    for (std::size_t i = 0; i < nodes; ++i) forward_node<Limit>(values + i * stride, stride, first + i, transform);
  }
}

template <int Limit, bool Last>
void inverse_node(Word* values, std::size_t length, std::size_t index, const Transform& transform, const Scale& scale) noexcept {
  const int stages = pass_stages(length);
  const std::size_t stride = length >> stages;
  const std::size_t nodes = std::size_t{1} << stages;
  const std::size_t first = index << stages;
  if (stride == 64) {
    for (std::size_t i = 0; i < nodes; i += 2) {
      inverse_blocks<Limit, 2, false>(values + i * stride, first + i - transform.degree / 64, transform, scale);
    }
  } else {
    for (std::size_t i = 0; i < nodes; ++i) {
      inverse_node<Limit, false>(values + i * stride, stride, first + i, transform, scale);
    }
  }
  // Node i of the m nodes has index m + i, its mirror m + m - 1 - i.
  const std::size_t mirrored = 3 * std::bit_floor(index) - 1 - index;
  switch (stages) {
    case 1: inverse_pass<Limit, 1, Last>(values, stride, mirrored, transform, scale); break;
    case 2: inverse_pass<Limit, 2, Last>(values, stride, mirrored, transform, scale); break;
    case 3: inverse_pass<Limit, 3, Last>(values, stride, mirrored, transform, scale); break;
    default: inverse_pass<Limit, 4, Last>(values, stride, mirrored, transform, scale); break;
  }
}

template <int Limit>
void forward_of(Word* values, const Transform& transform) noexcept {
  if (transform.degree == 64) {
    forward_blocks<Limit, 1>(values, 0, transform);
  } else {
    forward_node<Limit>(values, transform.degree, 1, transform);
  }
}

template <int Limit>
void inverse_of(Word* values, const Transform& transform, const Scale& scale) noexcept {
  if (transform.degree == 64) {
    inverse_blocks<Limit, 1, true>(values, 0, transform, scale);
  } else {
    inverse_node<Limit, true>(values, transform.degree, 1, transform, scale);
  }
}

}  // namespace

void forward(Word* values, const NttTables& tables) {
  if (tables.degree < 64) {
    portable_kernel.forward(values, tables);
  } else if (tables.modulus.bits <= 48) {
    forward_of<limit_of_48_bits>(values, Transform(tables));
  } else {
    forward_of<limit_of_50_bits>(values, Transform(tables));
  }
}

void inverse(Word* values, const NttTables& tables) {
  if (tables.degree < 64) {
    portable_kernel.inverse(values, tables);
    return;
  }
  const Modulus& q = tables.modulus;
  const Word root = tables.vector.head_roots[1];
  const Scale scale = {factor_of(tables.inverse_degree, q), factor_of(mul_mod(tables.inverse_degree, root, q), q)};
  if (q.bits <= 48) {
    inverse_of<limit_of_48_bits>(values, Transform(tables), scale);
  } else {
    inverse_of<limit_of_50_bits>(values, Transform(tables), scale);
  }
}

}  // namespace fhec::ifma
