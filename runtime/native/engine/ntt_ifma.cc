#include <bit>
#include <cstddef>
#include <cstdint>

#include "kernel.hpp"
#include "ntt_ifma.hpp"

namespace fhec::ifma {
namespace {

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
template <Width W, int Log, int Stage, int Columns, class Roots>
inline void forward_stages(Words (&v)[Columns][1 << Log], const Roots& roots, const Transform& transform) noexcept {
  if constexpr (Stage < Log) {
    constexpr int half = 1 << (Log - 1 - Stage);
#pragma GCC unroll 16
    for (int i = 0; i < Columns << (Log - 1); ++i) {
      const int column = i % Columns;
      const int child = i / Columns / half;
      Words* pair = v[column] + 2 * half * child + i / Columns % half;
      forward_butterfly<W, Stage == 0>(pair[0], pair[half], roots(column, (1 << Stage) - 1 + child), transform);
    }
    forward_stages<W, Log, Stage + 1>(v, roots, transform);
  }
}

/// On the words that are on the left of the first stage: every word derives from one of them by sums and differences.
template <int Columns, int Size>
inline void add_bias(Words (&v)[Columns][Size], const Transform& transform) noexcept {
#pragma GCC unroll 16
  for (int i = 0; i < Columns * Size / 2; ++i) v[i % Columns][i / Columns] = add(v[i % Columns][i / Columns], transform.bias);
}

/// The bound of a place, in multiples of q, before the inverse stage whose pairs lie `half` apart. All begin below the limit at the stage of
/// pairs `start` apart; sums double the bound, products are below 2q.
constexpr int inverse_bound(int limit, int place, int start, int half) noexcept {
  int bound = limit;
  for (int step = start; step < half; step *= 2) bound = place & step ? 2 : 2 * bound;
  return bound;
}

/// Where the stages with pairs `half` apart last began: sums of middle words may double three times.
template <Width W>
constexpr int inverse_start(int half) noexcept {
  return W == Width::middle && half >= 8 ? 8 : 1;
}

template <Width W, int Half, int Place, int Columns, int Size, class Roots>
inline void inverse_pairs(Words (&v)[Columns][Size], const Roots& roots, const Transform& transform) noexcept {
  if constexpr (Place < Size) {
    if constexpr ((Place & Half) == 0) {
      constexpr int bound = W == Width::wide ? 2 : inverse_bound(inverse_limit<W>, Place, inverse_start<W>(Half), Half);
      constexpr int children = Size / (2 * Half);
      constexpr int child = Place / (2 * Half);
#pragma GCC unroll 2
      for (int column = 0; column < Columns; ++column) {
        // The roots are those of the mirrored node.
        inverse_butterfly<W, bound>(v[column][Place], v[column][Place + Half], roots(column, 2 * children - 2 - child), transform);
      }
    }
    inverse_pairs<W, Half, Place + 1>(v, roots, transform);
  }
}

/// Below the limit again, after the stage whose pairs lie Half apart.
template <Width W, int Half, int Place, int Columns, int Size>
inline void inverse_reduce(Words (&v)[Columns][Size], const Transform& transform) noexcept {
  if constexpr (Place < Size) {
    if constexpr (inverse_bound(inverse_limit<W>, Place, inverse_start<W>(Half), 2 * Half) > inverse_limit<W>) {
#pragma GCC unroll 2
      for (int column = 0; column < Columns; ++column) v[column][Place] = transform.reduce_lazy(v[column][Place]);
    }
    inverse_reduce<W, Half, Place + 1>(v, transform);
  }
}

/// The stages whose pairs lie Half to End / 2 apart, from below the limit to below the limit.
template <Width W, int Half, int End, int Columns, int Size, class Roots>
inline void inverse_stages(Words (&v)[Columns][Size], const Roots& roots, const Transform& transform) noexcept {
  if constexpr (Half < End) {
    inverse_pairs<W, Half, 0>(v, roots, transform);
    constexpr bool far = 2 * Half == End || inverse_start<W>(2 * Half) != inverse_start<W>(Half);
    if constexpr (far && W != Width::wide) inverse_reduce<W, Half, 0>(v, transform);
    inverse_stages<W, 2 * Half, End>(v, roots, transform);
  }
}

/// What divides by N in the last stage of the inverse.
struct Scale {
  Factor left;
  Factor right;
};

/// The last stage of all: (a + b) / N and (b - a) w / N, fully reduced.
template <Width W, int Columns, int Size>
inline void inverse_last_stage(Words (&v)[Columns][Size], const Scale& scale, const Transform& transform) noexcept {
  constexpr int half = Size / 2;
#pragma GCC unroll 16
  for (int i = 0; i < Columns * half; ++i) {
    Words& a = v[i % Columns][i / Columns];
    Words& b = v[i % Columns][i / Columns + half];
    const Words sum = add(a, b);
    const Words difference = subtract(add(b, transform.times_q<inverse_limit<W>>()), a);
    a = reduce_once(transform.cut(transform.multiply(sum, scale.left)), transform.prime.q);
    b = reduce_once(transform.cut(transform.multiply(difference, scale.right)), transform.prime.q);
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
template <Width W, int Log>
void forward_pass(Word* values, std::size_t stride, std::size_t index, const Transform& shared) noexcept {
  const Transform transform = shared;
  const HeadRoots<Log> head(transform, index);
  for (std::size_t i = 0; i < stride; i += 8 * columns<Log>) {
    Words v[columns<Log>][1 << Log];
    load_columns<Log>(v, values + i, stride);
    if (stride >= far_stride) prefetch_columns<Log, columns<Log>>(values, i + 64, stride);
    if (W == Width::narrow && index == 1) add_bias(v, transform);
    forward_stages<W, Log, 0>(v, [&](int, int place) -> const Factor& { return head.of[place]; }, transform);
    store_columns<Log>(values + i, stride, v);
  }
}

template <Width W, int Log, bool Last>
void inverse_pass(Word* values, std::size_t stride, std::size_t mirrored, const Transform& shared, const Scale& scale) noexcept {
  const Transform transform = shared;
  const HeadRoots<Log> head(transform, mirrored);
  constexpr int end = Last ? 1 << (Log - 1) : 1 << Log;
  for (std::size_t i = 0; i < stride; i += 8 * columns<Log>) {
    Words v[columns<Log>][1 << Log];
    load_columns<Log>(v, values + i, stride);
    inverse_stages<W, 1, end>(v, [&](int, int place) -> const Factor& { return head.of[place]; }, transform);
    if constexpr (Last) inverse_last_stage<W>(v, scale, transform);
    store_columns<Log>(values + i, stride, v);
  }
}

/// The last six stages of `Columns` blocks of 64 words.
template <Width W, int Columns>
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
  if (W == Width::narrow && index == 1) add_bias(v, transform);
  forward_stages<W, 3, 0>(v, head, transform);
#pragma GCC unroll 2
  for (int column = 0; column < Columns; ++column) transpose(v[column]);
  const auto tail = [&](int column, int place) {
    return transform.tail(7 * (block + static_cast<std::size_t>(column)) + static_cast<std::size_t>(place));
  };
  forward_stages<W, 3, 0>(v, tail, transform);
#pragma GCC unroll 2
  for (int column = 0; column < Columns; ++column) {
#pragma GCC unroll 8
    for (int k = 0; k < 8; ++k) {
      v[column][k] = forward_finish<W>(v[column][k], transform);
    }
    transpose(v[column]);
  }
#pragma GCC unroll 16
  for (int i = 0; i < 8 * Columns; ++i) store(values + 8 * i, v[i / 8][i % 8]);
}

/// The first six inverse stages of `Columns` blocks. Rows are taken in reverse, so that lane r meets the root of the mirrored node r.
template <Width W, int Columns, bool Last>
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
  inverse_stages<W, 1, 8>(v, tail, transform);
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
  inverse_stages<W, 1, Last ? 4 : 8>(rows, head, transform);
  if constexpr (Last) inverse_last_stage<W>(rows, scale, transform);
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
template <Width W>
void forward_node(Word* values, std::size_t length, std::size_t index, const Transform& transform) noexcept {
  const int stages = pass_stages(length);
  const std::size_t stride = length >> stages;
  switch (stages) {
    case 1: forward_pass<W, 1>(values, stride, index, transform); break;
    case 2: forward_pass<W, 2>(values, stride, index, transform); break;
    case 3: forward_pass<W, 3>(values, stride, index, transform); break;
    default: forward_pass<W, 4>(values, stride, index, transform); break;
  }
  const std::size_t nodes = std::size_t{1} << stages;
  const std::size_t first = index << stages;
  if (stride == 64) {
    for (std::size_t i = 0; i < nodes; i += 2) {
      forward_blocks<W, 2>(values + i * stride, first + i - transform.degree / 64, transform);
    }
  } else {
    for (std::size_t i = 0; i < nodes; ++i) forward_node<W>(values + i * stride, stride, first + i, transform);
  }
}

template <Width W, bool Last>
void inverse_node(Word* values, std::size_t length, std::size_t index, const Transform& transform, const Scale& scale) noexcept {
  const int stages = pass_stages(length);
  const std::size_t stride = length >> stages;
  const std::size_t nodes = std::size_t{1} << stages;
  const std::size_t first = index << stages;
  if (stride == 64) {
    for (std::size_t i = 0; i < nodes; i += 2) {
      inverse_blocks<W, 2, false>(values + i * stride, first + i - transform.degree / 64, transform, scale);
    }
  } else {
    for (std::size_t i = 0; i < nodes; ++i) {
      inverse_node<W, false>(values + i * stride, stride, first + i, transform, scale);
    }
  }
  // Node i of the m nodes has index m + i, its mirror m + m - 1 - i.
  const std::size_t mirrored = 3 * std::bit_floor(index) - 1 - index;
  switch (stages) {
    case 1: inverse_pass<W, 1, Last>(values, stride, mirrored, transform, scale); break;
    case 2: inverse_pass<W, 2, Last>(values, stride, mirrored, transform, scale); break;
    case 3: inverse_pass<W, 3, Last>(values, stride, mirrored, transform, scale); break;
    default: inverse_pass<W, 4, Last>(values, stride, mirrored, transform, scale); break;
  }
}

template <Width W>
void forward_of(Word* values, const Transform& transform) noexcept {
  if (transform.degree == 64) {
    forward_blocks<W, 1>(values, 0, transform);
  } else {
    forward_node<W>(values, transform.degree, 1, transform);
  }
}

template <Width W>
void inverse_of(Word* values, const Transform& transform, const Scale& scale) noexcept {
  if (transform.degree == 64) {
    inverse_blocks<W, 1, true>(values, 0, transform, scale);
  } else {
    inverse_node<W, true>(values, transform.degree, 1, transform, scale);
  }
}

}  // namespace

void forward(Word* values, const NttTables& tables) {
  if (tables.degree < 64) {
    portable_kernel.forward(values, tables);
  } else if (tables.modulus.bits <= static_cast<int>(Width::narrow)) {
    forward_of<Width::narrow>(values, Transform(tables));
  } else if (tables.modulus.bits <= static_cast<int>(Width::middle)) {
    forward_of<Width::middle>(values, Transform(tables));
  } else {
    forward_of<Width::wide>(values, Transform(tables));
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
  if (q.bits <= static_cast<int>(Width::narrow)) {
    inverse_of<Width::narrow>(values, Transform(tables), scale);
  } else if (q.bits <= static_cast<int>(Width::middle)) {
    inverse_of<Width::middle>(values, Transform(tables), scale);
  } else {
    inverse_of<Width::wide>(values, Transform(tables), scale);
  }
}

}  // namespace fhec::ifma
