#include <bit>
#include <cstddef>

#include "ifma.hpp"
#include "kernel.hpp"

namespace fhec::ifma {
namespace {

/// a, b below 4q become a + b w, a - b w below 4q (Harvey 2014, algorithm 4).
inline void forward_butterfly(Words& a, Words& b, const Factor& w, const Prime& prime) noexcept {
  const Words left = reduce_once(a, prime.two_q);
  const Words right = prime.multiply_lazy(b, w);
  a = _mm512_add_epi64(left, right);
  b = _mm512_sub_epi64(_mm512_add_epi64(left, prime.two_q), right);
}

/// a, b below 2q become a + b, (b - a) w below 2q, where w is minus the inverse of the forward root.
inline void inverse_butterfly(Words& a, Words& b, const Factor& w, const Prime& prime) noexcept {
  const Words sum = _mm512_add_epi64(a, b);
  const Words difference = _mm512_sub_epi64(_mm512_add_epi64(b, prime.two_q), a);
  a = reduce_once(sum, prime.two_q);
  b = prime.multiply_lazy(difference, w);
}

/// Rows become columns.
inline void transpose(Words (&v)[8]) noexcept {
  Words pairs[8];
  for (int i = 0; i < 8; i += 2) {
    pairs[i] = _mm512_unpacklo_epi64(v[i], v[i + 1]);
    pairs[i + 1] = _mm512_unpackhi_epi64(v[i], v[i + 1]);
  }
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

struct Transform {
  Prime prime;
  const Word* head_roots;
  const Word* head_quotients;
  const Word* tail_roots;
  const Word* tail_quotients;
  std::size_t degree;

  explicit Transform(const NttTables& tables) noexcept
      : prime(tables.modulus.value),
        head_roots(tables.vector.head_roots.data()),
        head_quotients(tables.vector.head_quotients.data()),
        tail_roots(tables.vector.tail_roots.data()),
        tail_quotients(tables.vector.tail_quotients.data()),
        degree(tables.degree) {}

  Factor head(std::size_t i) const noexcept { return {broadcast(head_roots[i]), broadcast(head_quotients[i])}; }
  Factor tail(std::size_t i) const noexcept { return {load(tail_roots + 8 * i), load(tail_quotients + 8 * i)}; }
};

/// The factors of the `log` stages below a node: those of stage s start at 2^s - 1.
template <int Log>
struct Factors {
  Factor of[(1 << Log) - 1];

  Factors(const Transform& transform, std::size_t index) noexcept {
#pragma GCC unroll 4
    for (int stage = 0; stage < Log; ++stage) {
#pragma GCC unroll 8
      for (int i = 0; i < 1 << stage; ++i) {
        of[(1 << stage) - 1 + i] = transform.head((index << stage) + static_cast<std::size_t>(i));
      }
    }
  }
};

template <int Log>
inline void forward_stages(Words (&v)[1 << Log], const Factors<Log>& factors, const Prime& prime) noexcept {
#pragma GCC unroll 4
  for (int stage = 0; stage < Log; ++stage) {
    const int half = 1 << (Log - 1 - stage);
#pragma GCC unroll 8
    for (int node = 0; node < 1 << stage; ++node) {
#pragma GCC unroll 8
      for (int i = 0; i < half; ++i) {
        forward_butterfly(v[2 * half * node + i], v[2 * half * node + half + i], factors.of[(1 << stage) - 1 + node], prime);
      }
    }
  }
}

template <int Log>
inline void inverse_stages(Words (&v)[1 << Log], const Factors<Log>& factors, const Prime& prime, int first) noexcept {
#pragma GCC unroll 4
  for (int stage = Log - 1; stage >= first; --stage) {
    const int half = 1 << (Log - 1 - stage);
#pragma GCC unroll 8
    for (int node = 0; node < 1 << stage; ++node) {
#pragma GCC unroll 8
      for (int i = 0; i < half; ++i) {
        // The factors are those of the mirrored node.
        inverse_butterfly(v[2 * half * node + i], v[2 * half * node + half + i], factors.of[(2 << stage) - 2 - node], prime);
      }
    }
  }
}

/// `Log` stages of one node: its words lie 2^Log strides of `stride` words long.
template <int Log>
void forward_pass(Word* values, std::size_t stride, std::size_t index, const Transform& transform) noexcept {
  const Factors<Log> factors(transform, index);
  const Prime prime = transform.prime;
  for (std::size_t i = 0; i < stride; i += 8) {
    Words v[1 << Log];
#pragma GCC unroll 16
    for (int k = 0; k < 1 << Log; ++k) v[k] = load(values + static_cast<std::size_t>(k) * stride + i);
    forward_stages<Log>(v, factors, prime);
#pragma GCC unroll 16
    for (int k = 0; k < 1 << Log; ++k) store(values + static_cast<std::size_t>(k) * stride + i, v[k]);
  }
}

/// The last six stages of 64 words.
inline void forward_block(Word* values, std::size_t block, const Transform& transform) noexcept {
  const Prime prime = transform.prime;
  Words v[8];
#pragma GCC unroll 8
  for (int k = 0; k < 8; ++k) v[k] = load(values + 8 * k);
  forward_stages<3>(v, Factors<3>(transform, transform.degree / 64 + block), prime);
  transpose(v);
  const std::size_t tail = 7 * block;
  const Factor first = transform.tail(tail);
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i) forward_butterfly(v[i], v[i + 4], first, prime);
#pragma GCC unroll 2
  for (int node = 0; node < 2; ++node) {
    const Factor second = transform.tail(tail + 1 + static_cast<std::size_t>(node));
    forward_butterfly(v[4 * node], v[4 * node + 2], second, prime);
    forward_butterfly(v[4 * node + 1], v[4 * node + 3], second, prime);
  }
#pragma GCC unroll 4
  for (int node = 0; node < 4; ++node) {
    forward_butterfly(v[2 * node], v[2 * node + 1], transform.tail(tail + 3 + static_cast<std::size_t>(node)), prime);
  }
#pragma GCC unroll 8
  for (int k = 0; k < 8; ++k) v[k] = reduce_once(reduce_once(v[k], prime.two_q), prime.q);
  transpose(v);
#pragma GCC unroll 8
  for (int k = 0; k < 8; ++k) store(values + 8 * k, v[k]);
}

/// What divides by N in the last stage of the inverse.
struct Scale {
  Factor left;
  Factor right;
};

/// The last inverse stage, fully reduced.
template <int Half>
inline void inverse_last_stage(Words (&v)[2 * Half], const Scale& scale, const Prime& prime) noexcept {
#pragma GCC unroll 8
  for (int i = 0; i < Half; ++i) {
    const Words sum = _mm512_add_epi64(v[i], v[i + Half]);
    const Words difference = _mm512_sub_epi64(_mm512_add_epi64(v[i + Half], prime.two_q), v[i]);
    v[i] = reduce_once(prime.multiply_lazy(sum, scale.left), prime.q);
    v[i + Half] = reduce_once(prime.multiply_lazy(difference, scale.right), prime.q);
  }
}

template <int Log, bool Last>
void inverse_pass(Word* values, std::size_t stride, std::size_t mirrored, const Transform& transform, const Scale& scale) noexcept {
  const Factors<Log> factors(transform, mirrored);
  const Prime prime = transform.prime;
  for (std::size_t i = 0; i < stride; i += 8) {
    Words v[1 << Log];
#pragma GCC unroll 16
    for (int k = 0; k < 1 << Log; ++k) v[k] = load(values + static_cast<std::size_t>(k) * stride + i);
    inverse_stages<Log>(v, factors, prime, Last ? 1 : 0);
    if constexpr (Last) inverse_last_stage<1 << (Log - 1)>(v, scale, prime);
#pragma GCC unroll 16
    for (int k = 0; k < 1 << Log; ++k) store(values + static_cast<std::size_t>(k) * stride + i, v[k]);
  }
}

/// The first six inverse stages of 64 words. Rows are taken in reverse, so that lane r meets the root of the mirrored node r.
template <bool Last>
inline void inverse_block(Word* values, std::size_t block, const Transform& transform, const Scale& scale) noexcept {
  const Prime prime = transform.prime;
  const std::size_t mirrored = transform.degree / 64 - 1 - block;
  const std::size_t tail = 7 * mirrored;
  Words v[8];
#pragma GCC unroll 8
  for (int k = 0; k < 8; ++k) v[k] = load(values + 8 * (7 - k));
  transpose(v);
#pragma GCC unroll 4
  for (int node = 0; node < 4; ++node) {
    inverse_butterfly(v[2 * node], v[2 * node + 1], transform.tail(tail + 6 - static_cast<std::size_t>(node)), prime);
  }
#pragma GCC unroll 2
  for (int node = 0; node < 2; ++node) {
    const Factor second = transform.tail(tail + 2 - static_cast<std::size_t>(node));
    inverse_butterfly(v[4 * node], v[4 * node + 2], second, prime);
    inverse_butterfly(v[4 * node + 1], v[4 * node + 3], second, prime);
  }
  const Factor first = transform.tail(tail);
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i) inverse_butterfly(v[i], v[i + 4], first, prime);
  transpose(v);
  Words rows[8];
#pragma GCC unroll 8
  for (int k = 0; k < 8; ++k) rows[k] = v[7 - k];
  inverse_stages<3>(rows, Factors<3>(transform, transform.degree / 64 + mirrored), prime, Last ? 1 : 0);
  if constexpr (Last) inverse_last_stage<4>(rows, scale, prime);
#pragma GCC unroll 8
  for (int k = 0; k < 8; ++k) store(values + 8 * k, rows[k]);
}

/// How many stages the next pass over a node of `length` words takes: three, but first what makes the rest a multiple of three.
inline int pass_stages(std::size_t length) noexcept {
  const int stages = std::countr_zero(length) - 6;
  switch (stages % 3) {
    case 0: return 3;
    case 1: return stages >= 4 ? 4 : 1;
    default: return 2;
  }
}

/// One node of `length` words and all below it; depth first, so that a node that fits the first cache stays there.
void forward_node(Word* values, std::size_t length, std::size_t index, const Transform& transform) noexcept {
  if (length == 64) {
    forward_block(values, index - transform.degree / 64, transform);
    return;
  }
  const int stages = pass_stages(length);
  const std::size_t stride = length >> stages;
  switch (stages) {
    case 1: forward_pass<1>(values, stride, index, transform); break;
    case 2: forward_pass<2>(values, stride, index, transform); break;
    case 3: forward_pass<3>(values, stride, index, transform); break;
    default: forward_pass<4>(values, stride, index, transform); break;
  }
  const std::size_t first = index << stages;
  if (stride == 64) {
    for (std::size_t i = 0; i < std::size_t{1} << stages; ++i) {
      forward_block(values + i * stride, first + i - transform.degree / 64, transform);
    }
  } else {
    for (std::size_t i = 0; i < std::size_t{1} << stages; ++i) forward_node(values + i * stride, stride, first + i, transform);
  }
}

template <bool Last>
void inverse_node(Word* values, std::size_t length, std::size_t index, const Transform& transform, const Scale& scale) noexcept {
  if (length == 64) {
    inverse_block<Last>(values, index - transform.degree / 64, transform, scale);
    return;
  }
  const int stages = pass_stages(length);
  const std::size_t stride = length >> stages;
  const std::size_t first = index << stages;
  for (std::size_t i = 0; i < std::size_t{1} << stages; ++i) {
    inverse_node<false>(values + i * stride, stride, first + i, transform, scale);
  }
  // Node i of the m nodes has index m + i, its mirror m + m - 1 - i.
  const std::size_t mirrored = 3 * std::bit_floor(index) - 1 - index;
  switch (stages) {
    case 1: inverse_pass<1, Last>(values, stride, mirrored, transform, scale); break;
    case 2: inverse_pass<2, Last>(values, stride, mirrored, transform, scale); break;
    case 3: inverse_pass<3, Last>(values, stride, mirrored, transform, scale); break;
    default: inverse_pass<4, Last>(values, stride, mirrored, transform, scale); break;
  }
}

}  // namespace

void forward(Word* values, const NttTables& tables) {
  if (tables.degree < 64) {
    portable_kernel.forward(values, tables);
    return;
  }
  forward_node(values, tables.degree, 1, Transform(tables));
}

void inverse(Word* values, const NttTables& tables) {
  if (tables.degree < 64) {
    portable_kernel.inverse(values, tables);
    return;
  }
  const Modulus& q = tables.modulus;
  const Word root = tables.vector.head_roots[1];
  const Scale scale = {factor_of(tables.inverse_degree, q), factor_of(mul_mod(tables.inverse_degree, root, q), q)};
  inverse_node<true>(values, tables.degree, 1, Transform(tables), scale);
}

}  // namespace fhec::ifma
