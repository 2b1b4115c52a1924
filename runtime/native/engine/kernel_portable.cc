#include <algorithm>
#include <cstring>

#include "kernel.hpp"
#include "pack.hpp"

namespace fhec {
namespace {

/// value - bound where that is not negative.
inline Word reduce_once(Word value, Word bound) noexcept { return std::min(value, value - bound); }

/// A fixed factor with its quotient.
struct Factor {
  Word value;
  Word quotient;

  Factor(Word value_, Word quotient_) noexcept : value(value_), quotient(quotient_) {}
  Factor(Word value_, const Modulus& q) noexcept : value(value_), quotient(shoup_quotient(value_, q)) {}
};

/// x times the factor, below 2q, for any 64-bit x.
inline Word multiply_lazy(Word x, const Factor& factor, Word q) noexcept {
  return x * factor.value - high_product(x, factor.quotient) * q;
}

void forward(Word* values, const NttTables& tables) {
  const Word q = tables.modulus.value;
  const Word two_q = 2 * q;
  const Word* roots = tables.scalar.roots.data();
  const Word* quotients = tables.scalar.quotients.data();
  // Harvey's butterfly keeps every word below 4q.
  std::size_t half = tables.degree / 2;
  for (std::size_t nodes = 1; half > 1; nodes *= 2, half /= 2) {
    for (std::size_t node = 0; node < nodes; ++node) {
      const Factor factor(roots[nodes + node], quotients[nodes + node]);
      Word* __restrict left = values + 2 * half * node;
      Word* __restrict right = left + half;
      for (std::size_t i = 0; i < half; ++i) {
        const Word a = reduce_once(left[i], two_q);
        const Word b = multiply_lazy(right[i], factor, q);
        left[i] = a + b;
        right[i] = a - b + two_q;
      }
    }
  }
  const std::size_t nodes = tables.degree / 2;
  for (std::size_t node = 0; node < nodes; ++node) {
    const Factor factor(roots[nodes + node], quotients[nodes + node]);
    const Word a = reduce_once(values[2 * node], two_q);
    const Word b = multiply_lazy(values[2 * node + 1], factor, q);
    values[2 * node] = reduce_once(reduce_once(a + b, two_q), q);
    values[2 * node + 1] = reduce_once(reduce_once(a - b + two_q, two_q), q);
  }
}

void inverse(Word* values, const NttTables& tables) {
  const Word q = tables.modulus.value;
  const Word two_q = 2 * q;
  const Word* roots = tables.scalar.roots.data();
  const Word* quotients = tables.scalar.quotients.data();
  // Every word stays below 2q. The inverse of a root is minus the root of the mirrored node, so that the difference is taken the other way.
  std::size_t half = 1;
  for (std::size_t nodes = tables.degree / 2; nodes > 1; nodes /= 2, half *= 2) {
    for (std::size_t node = 0; node < nodes; ++node) {
      const Factor factor(roots[2 * nodes - 1 - node], quotients[2 * nodes - 1 - node]);
      Word* __restrict left = values + 2 * half * node;
      Word* __restrict right = left + half;
      for (std::size_t i = 0; i < half; ++i) {
        const Word a = left[i];
        const Word b = right[i];
        left[i] = reduce_once(a + b, two_q);
        right[i] = multiply_lazy(b - a + two_q, factor, q);
      }
    }
  }
  // The last stage also divides by N.
  const Factor scale(tables.inverse_degree, tables.modulus);
  const Factor factor(mul_mod(tables.inverse_degree, roots[1], tables.modulus), tables.modulus);
  for (std::size_t i = 0; i < half; ++i) {
    const Word a = values[i];
    const Word b = values[i + half];
    values[i] = reduce_once(multiply_lazy(a + b, scale, q), q);
    values[i + half] = reduce_once(multiply_lazy(b - a + two_q, factor, q), q);
  }
}

void add(Word* out, const Word* a, const Word* b, std::size_t n, const Modulus& q) {
  for (std::size_t i = 0; i < n; ++i) out[i] = reduce_once(a[i] + b[i], q.value);
}

void subtract(Word* out, const Word* a, const Word* b, std::size_t n, const Modulus& q) {
  for (std::size_t i = 0; i < n; ++i) out[i] = reduce_once(a[i] - b[i] + q.value, q.value);
}

void negate(Word* out, const Word* a, std::size_t n, const Modulus& q) {
  for (std::size_t i = 0; i < n; ++i) out[i] = reduce_once(q.value - a[i], q.value);
}

void multiply(Word* out, const Word* a, const Word* b, std::size_t n, const Modulus& q) {
  for (std::size_t i = 0; i < n; ++i) out[i] = reduce_wide(static_cast<Wide>(a[i]) * b[i], q);
}

void multiply_add(Word* out, const Word* a, const Word* b, std::size_t n, const Modulus& q) {
  for (std::size_t i = 0; i < n; ++i) out[i] = reduce_wide(static_cast<Wide>(a[i]) * b[i] + out[i], q);
}

void multiply_scalar(Word* out, const Word* a, Word scalar, std::size_t n, const Modulus& q) {
  const Factor factor(scalar, q);
  for (std::size_t i = 0; i < n; ++i) out[i] = reduce_once(multiply_lazy(a[i], factor, q.value), q.value);
}

void subtract_multiply_scalar(Word* out, const Word* a, const Word* b, Word scalar, std::size_t n, const Modulus& q) {
  const Factor factor(scalar, q);
  for (std::size_t i = 0; i < n; ++i) {
    out[i] = reduce_once(multiply_lazy(a[i] - b[i] + q.value, factor, q.value), q.value);
  }
}

void reduce(Word* out, const Word* a, std::size_t n, const Modulus& q) {
  for (std::size_t i = 0; i < n; ++i) {
    // floor(2^64 / q) is the high word of the ratio, so that the quotient is at most one too small.
    out[i] = reduce_once(a[i] - high_product(a[i], q.ratio[1]) * q.value, q.value);
  }
}

/// Eight packed words, see Kernel::unpack.
struct Unpacker {
  std::size_t width;
  Word mask;

  explicit Unpacker(const Modulus& q) noexcept
      : width(static_cast<std::size_t>(packed_width(q))), mask(~Word{0} >> (64 - width)) {}

  void load(Word* words, const std::uint8_t* from) const noexcept {
    for (std::size_t j = 0; j < 8; ++j) {
      Word packed;
      std::memcpy(&packed, from + j * width / 8, sizeof packed);
      words[j] = packed >> j * width % 8 & mask;
    }
  }
};

void weighted_sum(Word* const* out, const Word* const* a, const std::uint8_t* const* b, std::size_t count, std::size_t parts,
                  std::size_t n, const Modulus& q) {
  const Unpacker unpacker(q);
  for (std::size_t i = 0; i < n; i += 8) {
    // 64 products of words below 2^61 stay below 2^128.
    Wide sums[2][8] = {};
    for (std::size_t k = 0; k < count; ++k) {
      Word words[8];
      unpacker.load(words, b[k] + i / 8 * unpacker.width);
      for (std::size_t h = 0; h < parts; ++h)
        for (std::size_t j = 0; j < 8; ++j) sums[h][j] += static_cast<Wide>(a[parts * k + h][i + j]) * words[j];
    }
    for (std::size_t h = 0; h < parts; ++h)
      for (std::size_t j = 0; j < 8; ++j) out[h][i + j] = reduce_wide(sums[h][j], q);
  }
}

void combine(Word* out, const Word* const* a, const Word* scalars, std::size_t count, std::size_t n, const Modulus& q) {
  // 32 products of a word below 2^62 and one below 2^61 stay below 2^128.
  constexpr std::size_t block = 32;
  for (std::size_t i = 0; i < n; ++i) {
    Wide sum = 0;
    for (std::size_t k = 0; k < std::min(count, block); ++k) sum += static_cast<Wide>(a[k][i]) * scalars[k];
    Word result = reduce_wide(sum, q);
    if (count > block) {
      sum = result;
      for (std::size_t k = block; k < count; ++k) sum += static_cast<Wide>(a[k][i]) * scalars[k];
      result = reduce_wide(sum, q);
    }
    out[i] = result;
  }
}

void inner_product_pair(Word* const* out, const Word* const* a, const std::uint8_t* b, std::size_t stride,
                        std::size_t count, std::size_t n, const Modulus& q) {
  const Unpacker unpacker(q);
  for (std::size_t i = 0; i < n; i += 8) {
    const std::uint8_t* row = b + i / 8 * stride * 2 * unpacker.width;
    for (std::size_t h = 0; h < 2; ++h) {
      Wide sums[8] = {};
      for (std::size_t k = 0; k < count; ++k) {
        Word words[8];
        unpacker.load(words, row + unpacker.width * (2 * k + h));
        for (std::size_t j = 0; j < 8; ++j) sums[j] += static_cast<Wide>(a[k][i + j]) * words[j];
      }
      for (std::size_t j = 0; j < 8; ++j) out[h][i + j] = reduce_wide(sums[j], q);
    }
  }
}

void quotients(Word* out, const Word* const* a, const Word* fractions, const int* bits, std::size_t count,
               std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) {
    Word sum = Word{1} << 50;
    for (std::size_t k = 0; k < count; ++k) {
      const Word upper = bits[k] <= 52 ? a[k][i] << (52 - bits[k]) : a[k][i] >> (bits[k] - 52);
      sum += static_cast<Word>(static_cast<Wide>(upper) * fractions[k] >> 52);
    }
    out[i] = sum >> 51;
  }
}

void pack_words(std::uint8_t* packed, const Word* words, std::size_t stride, std::size_t n, const Modulus& q) {
  const int width = packed_width(q);
  for (std::size_t i = 0; i < n; i += 8, packed += stride) {
    Word group[8];
    pack(group, words + i, 8, width);
    std::memcpy(packed, group, static_cast<std::size_t>(width));
  }
}

void unpack_words(Word* words, const std::uint8_t* packed, std::size_t stride, std::size_t n, const Modulus& q) {
  const Unpacker unpacker(q);
  for (std::size_t i = 0; i < n; i += 8, packed += stride) unpacker.load(words + i, packed);
}

void gather(Word* out, const Word* a, const std::uint32_t* table, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) out[i] = a[table[i]];
}

}  // namespace

const Kernel portable_kernel = {
    "portable",      forward,         inverse,
    add,             subtract,        negate,
    multiply,        multiply_add,    multiply_scalar,
    subtract_multiply_scalar,         reduce,
    weighted_sum,    inner_product_pair, combine,
    quotients,       pack_words,      unpack_words,
    gather,
};

}  // namespace fhec
