#include <cstddef>

#include "ifma.hpp"
#include "kernel.hpp"

namespace fhec {
namespace {

using namespace ifma;

/// Barrett reduction of what does not fit 52 bits.
struct Reducer {
  Prime prime;
  /// floor(2^62 / q).
  Words ratio62;
  /// floor(2^(52 + bits) / q) - 2^52.
  Words ratio_product;
  /// 2^52 modulo q.
  Factor power52;
  __m128i shift;

  explicit Reducer(const Modulus& q) noexcept
      : prime(q.value),
        ratio62(broadcast(q.ratio[1] >> 2)),
        ratio_product(broadcast(static_cast<Word>(ratio(q) >> (76 - q.bits)) & mask52)),
        power52(factor_of((mask52 + 1) % q.value, q)),
        shift(_mm_cvtsi32_si128(52 - q.bits)) {}

  static Wide ratio(const Modulus& q) noexcept { return static_cast<Wide>(q.ratio[1]) << 64 | q.ratio[0]; }

  /// Below 3q, for x below 2^62: the quotient is at most two too small.
  Words reduce_lazy(Words x) const noexcept {
    const Words quotient = add_high(_mm512_setzero_si512(), _mm512_srli_epi64(x, 10), ratio62);
    return _mm512_and_si512(add_low(x, quotient, prime.negative_q), prime.mask);
  }

  /// From below 4q.
  Words finish(Words x) const noexcept { return reduce_once(reduce_once(x, prime.two_q), prime.q); }

  Words reduce(Words x) const noexcept { return finish(reduce_lazy(x)); }

  /// a b below 4q, for a, b below q. The quotient, floor(floor(a b / 2^bits) floor(2^(52 + bits) / q) / 2^52), is at most three too small.
  Words multiply_lazy(Words a, Words b) const noexcept {
    const Words zero = _mm512_setzero_si512();
    const Words head = add_high(zero, a, _mm512_sll_epi64(b, shift));
    const Words quotient = add_high(head, head, ratio_product);
    return _mm512_and_si512(add_low(add_low(zero, a, b), quotient, prime.negative_q), prime.mask);
  }

  /// The sum of products high 2^52 + low, reduced; high below 2^61, low below 2^61.
  Words reduce_sum(Words low, Words high) const noexcept {
    const Words carried = _mm512_add_epi64(high, _mm512_srli_epi64(low, 52));
    const Words folded = prime.multiply_lazy(reduce_lazy(carried), power52);
    return reduce(_mm512_add_epi64(folded, _mm512_and_si512(low, prime.mask)));
  }
};

/// out[i] = body(a[i]), eight words at a time.
template <class Body>
inline void map(Word* out, const Word* a, std::size_t n, const Body& body) noexcept {
  for (std::size_t i = 0; i < n; i += 8) store(out + i, body(load(a + i)));
}

template <class Body>
inline void map(Word* out, const Word* a, const Word* b, std::size_t n, const Body& body) noexcept {
  for (std::size_t i = 0; i < n; i += 8) store(out + i, body(load(a + i), load(b + i)));
}

void add(Word* out, const Word* a, const Word* b, std::size_t n, const Modulus& modulus) {
  const Words q = broadcast(modulus.value);
  map(out, a, b, n, [=](Words x, Words y) { return reduce_once(_mm512_add_epi64(x, y), q); });
}

void subtract(Word* out, const Word* a, const Word* b, std::size_t n, const Modulus& modulus) {
  const Words q = broadcast(modulus.value);
  map(out, a, b, n, [=](Words x, Words y) {
    const Words difference = _mm512_sub_epi64(x, y);
    return _mm512_min_epu64(difference, _mm512_add_epi64(difference, q));
  });
}

void negate(Word* out, const Word* a, std::size_t n, const Modulus& modulus) {
  const Words q = broadcast(modulus.value);
  map(out, a, n, [=](Words x) { return reduce_once(_mm512_sub_epi64(q, x), q); });
}

void multiply(Word* out, const Word* a, const Word* b, std::size_t n, const Modulus& q) {
  const Reducer reducer(q);
  map(out, a, b, n, [=](Words x, Words y) { return reducer.finish(reducer.multiply_lazy(x, y)); });
}

void multiply_add(Word* out, const Word* a, const Word* b, std::size_t n, const Modulus& q) {
  const Reducer reducer(q);
  for (std::size_t i = 0; i < n; i += 8) {
    const Words product = reduce_once(reducer.multiply_lazy(load(a + i), load(b + i)), reducer.prime.two_q);
    store(out + i, reducer.finish(_mm512_add_epi64(product, load(out + i))));
  }
}

void multiply_scalar(Word* out, const Word* a, Word scalar, std::size_t n, const Modulus& q) {
  const Prime prime(q.value);
  const Factor factor = factor_of(scalar, q);
  map(out, a, n, [=](Words x) { return reduce_once(prime.multiply_lazy(x, factor), prime.q); });
}

void subtract_multiply_scalar(Word* out, const Word* a, const Word* b, Word scalar, std::size_t n, const Modulus& q) {
  const Prime prime(q.value);
  const Factor factor = factor_of(scalar, q);
  map(out, a, b, n, [=](Words x, Words y) {
    const Words difference = _mm512_sub_epi64(_mm512_add_epi64(x, prime.q), y);
    return reduce_once(prime.multiply_lazy(difference, factor), prime.q);
  });
}

void reduce(Word* out, const Word* a, std::size_t n, const Modulus& q) {
  const Reducer reducer(q);
  map(out, a, n, [=](Words x) { return reducer.reduce(x); });
}

/// Eight packed words, see Kernel::inner_product_pair.
struct Unpacker {
  Words bytes;
  Words shifts;
  Words mask;

  explicit Unpacker(const Modulus& q) noexcept : mask(broadcast((Word{1} << packed_width(q)) - 1)) {
    const Words starts =
        _mm512_mullo_epi64(_mm512_set_epi64(7, 6, 5, 4, 3, 2, 1, 0), broadcast(static_cast<Word>(packed_width(q))));
    shifts = _mm512_and_si512(starts, broadcast(7));
    // Byte m of lane j comes from byte starts / 8 + m.
    const Words first = _mm512_srli_epi64(starts, 3);
    bytes = _mm512_add_epi64(_mm512_mullo_epi64(first, broadcast(0x0101010101010101)), broadcast(0x0706050403020100));
  }

  Words load(const std::uint8_t* from) const noexcept {
    return _mm512_and_si512(_mm512_srlv_epi64(_mm512_permutexvar_epi8(bytes, _mm512_loadu_si512(from)), shifts), mask);
  }
};

/// Eight words to packed ones: each word of 64 bits of the result meets some of them, one after another.
struct Packer {
  static constexpr int most = 64 / ifma_least_bits + 2;
  int count;
  Words places[most];
  Words shifts[most];
  __mmask8 present[most];
  __mmask64 bytes;

  explicit Packer(const Modulus& q) noexcept : count(64 / packed_width(q) + 2), bytes((Word{1} << packed_width(q)) - 1) {
    const int width = packed_width(q);
    for (int k = 0; k < count; ++k) {
      alignas(64) Word place[8];
      alignas(64) Word shift[8];
      unsigned valid = 0;
      for (int m = 0; m < 8; ++m) {
        const int word = 64 * m / width + k;
        const int distance = word * width - 64 * m;
        place[m] = static_cast<Word>(word);
        shift[m] = static_cast<Word>(k == 0 ? -distance : distance);
        if (word < 8) valid |= 1U << m;
      }
      places[k] = load(place);
      shifts[k] = load(shift);
      present[k] = static_cast<__mmask8>(valid);
    }
  }

  void store(std::uint8_t* to, Words words) const noexcept {
    Words all = _mm512_srlv_epi64(_mm512_maskz_permutexvar_epi64(present[0], places[0], words), shifts[0]);
    for (int k = 1; k < count; ++k)
      all = _mm512_or_si512(all, _mm512_sllv_epi64(_mm512_maskz_permutexvar_epi64(present[k], places[k], words), shifts[k]));
    _mm512_mask_storeu_epi8(to, bytes, all);
  }
};

void pack(std::uint8_t* packed, const Word* words, std::size_t stride, std::size_t n, const Modulus& q) {
  const Packer packer(q);
  for (std::size_t i = 0; i < n; i += 8, packed += stride) packer.store(packed, load(words + i));
}

void unpack(Word* words, const std::uint8_t* packed, std::size_t stride, std::size_t n, const Modulus& q) {
  const Unpacker unpacker(q);
  for (std::size_t i = 0; i < n; i += 8, packed += stride) store(words + i, unpacker.load(packed));
}

/// Bytes that are asked for ahead of their use: other streams are read between two parts of one, so that the processor does not see it.
constexpr std::size_t bytes_ahead = 768;

/// `Vectors` vectors of each output at once, so that a pointer is loaded once for all of them.
template <int Parts, int Vectors>
inline void weighted_sum_at(std::size_t i, Word* const* out, const Word* const* a, const std::uint8_t* const* b, std::size_t count,
                            std::size_t width, const Unpacker& unpacker, const Reducer& reducer) noexcept {
  Words low[Parts][Vectors];
  Words high[Parts][Vectors];
#pragma GCC unroll 8
  for (int v = 0; v < Parts * Vectors; ++v) low[v % Parts][v / Parts] = high[v % Parts][v / Parts] = _mm512_setzero_si512();
  for (std::size_t k = 0; k < count; ++k) {
    const std::uint8_t* packed = b[k] + i / 8 * width;
    // An integer, because a pointer may not leave its array.
    const std::uintptr_t ahead = reinterpret_cast<std::uintptr_t>(packed) + bytes_ahead;
#pragma GCC unroll 4
    for (int v = 0; v < Vectors; ++v) {
      const Words right = unpacker.load(packed + static_cast<std::size_t>(v) * width);
      _mm_prefetch(reinterpret_cast<const char*>(ahead + static_cast<std::size_t>(v) * width), _MM_HINT_T0);
#pragma GCC unroll 2
      for (int h = 0; h < Parts; ++h) {
        const Words left = load(a[static_cast<std::size_t>(Parts) * k + static_cast<std::size_t>(h)] + i + 8 * v);
        low[h][v] = add_low(low[h][v], left, right);
        high[h][v] = add_high(high[h][v], left, right);
      }
    }
  }
#pragma GCC unroll 8
  for (int v = 0; v < Parts * Vectors; ++v)
    store(out[v % Parts] + i + 8 * (v / Parts), reducer.reduce_sum(low[v % Parts][v / Parts], high[v % Parts][v / Parts]));
}

template <int Parts>
void weighted_sums_of(Word* const* out, const Word* const* a, const std::uint8_t* const* b, std::size_t count, std::size_t n,
                      const Modulus& q) {
  const Reducer reducer(q);
  const Unpacker unpacker(q);
  const auto width = static_cast<std::size_t>(packed_width(q));
  std::size_t i = 0;
  for (; i + 32 <= n; i += 32) weighted_sum_at<Parts, 4>(i, out, a, b, count, width, unpacker, reducer);
  for (; i < n; i += 8) weighted_sum_at<Parts, 1>(i, out, a, b, count, width, unpacker, reducer);
}

void weighted_sum(Word* const* out, const Word* const* a, const std::uint8_t* const* b, std::size_t count, std::size_t parts,
                  std::size_t n, const Modulus& q) {
  if (parts == 1)
    weighted_sums_of<1>(out, a, b, count, n, q);
  else
    weighted_sums_of<2>(out, a, b, count, n, q);
}

/// The same for keys: each is one long stream, but much farther ahead than the processor looks.
constexpr std::size_t key_bytes_ahead = 8192;

/// Both halves of packed and interleaved factors: each word of `a` is loaded once.
template <int Vectors>
inline void inner_product_pair_at(std::size_t i, Word* const* out, const Word* const* a, const std::uint8_t* row,
                                  std::size_t stride, std::size_t count, std::size_t width, std::size_t ahead,
                                  const Unpacker& unpacker, const Reducer& reducer) noexcept {
  Words low[2][Vectors];
  Words high[2][Vectors];
#pragma GCC unroll 4
  for (int v = 0; v < Vectors; ++v) low[0][v] = low[1][v] = high[0][v] = high[1][v] = _mm512_setzero_si512();
  for (std::size_t k = 0; k < count; ++k) {
#pragma GCC unroll 4
    for (int v = 0; v < Vectors; ++v) {
      const Words left = load(a[k] + i + 8 * v);
      const std::uint8_t* pair = row + 2 * width * (static_cast<std::size_t>(v) * stride + k);
#pragma GCC unroll 2
      for (std::size_t h = 0; h < 2; ++h) {
        const Words right = unpacker.load(pair + h * width);
        // An integer, because a pointer may not leave its array.
        _mm_prefetch(reinterpret_cast<const char*>(reinterpret_cast<std::uintptr_t>(pair + h * width) + ahead), _MM_HINT_T0);
        low[h][v] = add_low(low[h][v], left, right);
        high[h][v] = add_high(high[h][v], left, right);
      }
    }
  }
#pragma GCC unroll 2
  for (int h = 0; h < 2; ++h) {
#pragma GCC unroll 4
    for (int v = 0; v < Vectors; ++v) store(out[h] + i + 8 * v, reducer.reduce_sum(low[h][v], high[h][v]));
  }
}

void inner_product_pair(Word* const* out, const Word* const* a, const std::uint8_t* b, std::size_t stride,
                        std::size_t count, std::size_t n, const Modulus& q) {
  const Reducer reducer(q);
  const Unpacker unpacker(q);
  const auto width = static_cast<std::size_t>(packed_width(q));
  const std::size_t row = 2 * stride * width;
  // Whole rows, of which only the first terms may be needed.
  const std::size_t ahead = (key_bytes_ahead + row - 1) / row * row;
  std::size_t i = 0;
  for (; i + 16 <= n; i += 16, b += 2 * row)
    inner_product_pair_at<2>(i, out, a, b, stride, count, width, ahead, unpacker, reducer);
  for (; i < n; i += 8, b += row)
    inner_product_pair_at<1>(i, out, a, b, stride, count, width, ahead, unpacker, reducer);
}

void quotients(Word* out, const Word* const* a, const Word* fractions, const int* bits, std::size_t count,
               std::size_t n) {
  for (std::size_t i = 0; i < n; i += 8) {
    Words sum = broadcast(Word{1} << 50);
    for (std::size_t k = 0; k < count; ++k) {
      const Words word = load(a[k] + i);
      const Words upper = bits[k] <= 52 ? _mm512_sll_epi64(word, _mm_cvtsi32_si128(52 - bits[k]))
                                        : _mm512_srl_epi64(word, _mm_cvtsi32_si128(bits[k] - 52));
      sum = add_high(sum, upper, broadcast(fractions[k]));
    }
    store(out + i, _mm512_srli_epi64(sum, 51));
  }
}

/// The scalars of a combination and their products with 2^52, for words that have more than 52 bits.
struct Scalars {
  static constexpr std::size_t most = 64;
  Word low[most];
  Word high[most];
};

template <int Vectors>
inline void combine_at(std::size_t i, Word* out, const Word* const* a, const Scalars& scalars, std::size_t count,
                       const Reducer& reducer) noexcept {
  Words low[Vectors];
  Words high[Vectors];
  Words all[Vectors];
#pragma GCC unroll 4
  for (int v = 0; v < Vectors; ++v) low[v] = high[v] = all[v] = _mm512_setzero_si512();
  for (std::size_t k = 0; k < count; ++k) {
    const Word* x = a[k] + i;
    const Words scalar = broadcast(scalars.low[k]);
#pragma GCC unroll 4
    for (int v = 0; v < Vectors; ++v) {
      const Words word = load(x + 8 * v);
      all[v] = _mm512_or_si512(all[v], word);
      low[v] = add_low(low[v], word, scalar);
      high[v] = add_high(high[v], word, scalar);
    }
  }
  Words any = all[0];
#pragma GCC unroll 4
  for (int v = 1; v < Vectors; ++v) any = _mm512_or_si512(any, all[v]);
  if (_mm512_test_epi64_mask(any, broadcast(~mask52)) != 0) {
    // The bits from 52 up, for the few sources with wider primes.
    for (std::size_t k = 0; k < count; ++k) {
      const Words scalar = broadcast(scalars.high[k]);
#pragma GCC unroll 4
      for (int v = 0; v < Vectors; ++v) {
        const Words word = _mm512_srli_epi64(load(a[k] + i + 8 * v), 52);
        low[v] = add_low(low[v], word, scalar);
        high[v] = add_high(high[v], word, scalar);
      }
    }
  }
#pragma GCC unroll 4
  for (int v = 0; v < Vectors; ++v) store(out + i + 8 * v, reducer.reduce_sum(low[v], high[v]));
}

void combine(Word* out, const Word* const* a, const Word* scalars, std::size_t count, std::size_t n, const Modulus& q) {
  const Reducer reducer(q);
  Scalars both;
  const Word power52 = (mask52 + 1) % q.value;
  for (std::size_t k = 0; k < count; ++k) {
    both.low[k] = scalars[k];
    both.high[k] = mul_mod(scalars[k], power52, q);
  }
  std::size_t i = 0;
  for (; i + 32 <= n; i += 32) combine_at<4>(i, out, a, both, count, reducer);
  for (; i < n; i += 8) combine_at<1>(i, out, a, both, count, reducer);
}

void gather(Word* out, const Word* a, const std::uint32_t* table, std::size_t n) {
  for (std::size_t i = 0; i < n; i += 8) {
    const __m256i places = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(table + i));
    const __m256i blocks = _mm256_srli_epi32(places, 3);
    const std::size_t block = table[i] >> 3;
    if (_mm256_cmpneq_epu32_mask(blocks, _mm256_set1_epi32(static_cast<int>(block))) == 0) {
      // An automorphism maps aligned blocks of eight words onto such blocks.
      store(out + i, _mm512_permutexvar_epi64(_mm512_cvtepu32_epi64(places), load(a + 8 * block)));
    } else {
      store(out + i, _mm512_i32gather_epi64(places, a, 8));
    }
  }
}

}  // namespace

extern const Kernel ifma_kernel_table;
const Kernel ifma_kernel_table = {
    "ifma",          ifma::forward,   ifma::inverse,
    add,             subtract,        negate,
    multiply,        multiply_add,    multiply_scalar,
    subtract_multiply_scalar,         reduce,
    weighted_sum,    inner_product_pair, combine,
    quotients,       pack,            unpack,
    gather,
};

}  // namespace fhec
