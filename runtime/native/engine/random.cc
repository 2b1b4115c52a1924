#include "random.hpp"

#include <sys/random.h>
#include <unistd.h>

#include <bit>
#include <cstring>
#include <vector>

#include "error.hpp"

namespace fhec {

Seed system_seed() {
  Seed seed;
  if (getentropy(seed.data(), seed.size()) != 0) throw Error("FHE0801", "the operating system gives no random bytes");
  return seed;
}

void wipe(void* bytes, std::size_t count) noexcept {
  if (count == 0) return;
  std::memset(bytes, 0, count);
  // The compiler must assume that the zeros are read here.
  __asm__ __volatile__("" : : "r"(bytes) : "memory");
}

namespace {

/// The same word of 16 blocks.
using Lanes = std::uint32_t __attribute__((vector_size(64)));

[[gnu::always_inline]] inline void xor_rotate(Lanes& x, const Lanes& y, int by) {
  x ^= y;
  x = (x << by) | (x >> (32 - by));
}

[[gnu::always_inline]] inline void quarter_round(Lanes& a, Lanes& b, Lanes& c, Lanes& d) {
  a += b, xor_rotate(d, a, 16);
  c += d, xor_rotate(b, c, 12);
  a += b, xor_rotate(d, a, 8);
  c += d, xor_rotate(b, c, 7);
}

/// Blocks counter .. counter + 15 of the key stream, one after another.
[[gnu::always_inline]] inline void sixteen_blocks(std::uint32_t* out, const std::uint32_t* key, std::uint32_t counter,
                                                  const std::uint32_t* nonce) {
  const std::uint32_t start[16] = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574, key[0], key[1],   key[2],   key[3],
                                   key[4],     key[5],     key[6],     key[7],     0,      nonce[0], nonce[1], nonce[2]};
  const Lanes counters = Lanes{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15} + counter;
  Lanes x[16];
  for (int i = 0; i < 16; i++) x[i] = Lanes{} + start[i];
  x[12] = counters;
  for (int round = 0; round < 10; round++) {
    quarter_round(x[0], x[4], x[8], x[12]);
    quarter_round(x[1], x[5], x[9], x[13]);
    quarter_round(x[2], x[6], x[10], x[14]);
    quarter_round(x[3], x[7], x[11], x[15]);
    quarter_round(x[0], x[5], x[10], x[15]);
    quarter_round(x[1], x[6], x[11], x[12]);
    quarter_round(x[2], x[7], x[8], x[13]);
    quarter_round(x[3], x[4], x[9], x[14]);
  }
  for (int i = 0; i < 16; i++) {
    x[i] += i == 12 ? counters : Lanes{} + start[i];
    for (int block = 0; block < 16; block++) out[16 * block + i] = x[i][block];
  }
}

using Blocks = void (*)(std::uint32_t*, const std::uint32_t*, std::uint32_t, const std::uint32_t*);

void blocks_portable(std::uint32_t* out, const std::uint32_t* key, std::uint32_t counter, const std::uint32_t* nonce) {
  sixteen_blocks(out, key, counter, nonce);
}

#if defined(__x86_64__)
[[gnu::target("avx2")]] void blocks_avx2(std::uint32_t* out, const std::uint32_t* key, std::uint32_t counter,
                                         const std::uint32_t* nonce) {
  sixteen_blocks(out, key, counter, nonce);
}

[[gnu::target("avx512f")]] void blocks_avx512(std::uint32_t* out, const std::uint32_t* key, std::uint32_t counter,
                                              const std::uint32_t* nonce) {
  sixteen_blocks(out, key, counter, nonce);
}
#endif

Blocks best_blocks() noexcept {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f")) return blocks_avx512;
  if (__builtin_cpu_supports("avx2")) return blocks_avx2;
#endif
  return blocks_portable;
}

}  // namespace

ChaCha20::ChaCha20(const Seed& key, const Nonce& nonce) noexcept : nonce_(nonce) {
  static_assert(std::endian::native == std::endian::little, "words are read from the stream as they lie");
  std::memcpy(key_.data(), key.data(), key.size());
}

ChaCha20::~ChaCha20() {
  wipe(key_.data(), sizeof key_);
  wipe(batch_.data(), sizeof batch_);
}

void ChaCha20::refill() noexcept {
  static const Blocks blocks = best_blocks();
  std::array<std::uint32_t, 2 * words_per_batch> out;
  blocks(out.data(), key_.data(), counter_, nonce_.data());
  std::memcpy(batch_.data(), out.data(), sizeof batch_);
  wipe(out.data(), sizeof out);
  counter_ += 16;
  at_ = 0;
}

void sample_uniform(std::span<Word> out, ChaCha20& stream, const Modulus& q) noexcept {
  const Word mask = (Word{1} << q.bits) - 1;
  for (std::size_t k = 0; k < out.size();) {
    const Word word = stream.next() & mask;
    out[k] = word;
    k += word < q.value;
  }
}

Word sample_below(ChaCha20& stream, Word bound) noexcept {
  const Word mask = ~Word{0} >> std::countl_zero(bound | 1);
  for (;;) {
    const Word word = stream.next() & mask;
    if (word < bound) return word;
  }
}

namespace {

constexpr int gaussian_bound = 19;

/// floor(2^64 P(X <= x)) for x = -19 .. 18, P proportional to exp(-x^2 / (2 * 3.2^2)) on -19 .. 19.
constexpr Word gaussian_table[2 * gaussian_bound] = {
    0x0000000bd798c7ac, 0x00000053f5e234f7, 0x000001e24b89625a, 0x000009adbc7900e1, 0x00002d17ca1e3a82,
    0x0000bf05ff772ee2, 0x0002e06843bbf95d, 0x000a19062dceb033, 0x00204c0ded173b17, 0x005e3163ffc656a8,
    0x00fab6a7e614dfae, 0x0261b16e99bc14f8, 0x054c69348bbc9867, 0x0acd276539458231, 0x143796b3c337f00b,
    0x22d43df09de40e7a, 0x37651d96aa4fb429, 0x51a5da2b40f1bff1, 0x700ad4bf5a6e80e2, 0x8ff52b40a5917f1d,
    0xae5a25d4bf0e400e, 0xc89ae26955b04bd6, 0xdd2bc20f621bf185, 0xebc8694c3cc80ff4, 0xf532d89ac6ba7dce,
    0xfab396cb74436798, 0xfd9e4e916643eb07, 0xff05495819eb2051, 0xffa1ce9c0039a957, 0xffdfb3f212e8c4e8,
    0xfff5e6f9d2314fcc, 0xfffd1f97bc4406a2, 0xffff40fa0088d11d, 0xffffd2e835e1c57d, 0xfffff6524386ff1e,
    0xfffffe1db4769da5, 0xffffffac0a1dcb08, 0xfffffff428673853};

}  // namespace

void sample_gaussian(std::span<std::int8_t> out, ChaCha20& stream) noexcept {
  for (std::int8_t& x : out) {
    const Word word = stream.next();
    int below = 0;
    for (const Word threshold : gaussian_table) below += word >= threshold;
    x = static_cast<std::int8_t>(below - gaussian_bound);
  }
}

void sample_ternary(std::span<std::int8_t> out, ChaCha20& stream) noexcept {
  for (std::int8_t& x : out) x = static_cast<std::int8_t>(static_cast<int>(sample_below(stream, 3)) - 1);
}

void sample_sparse_ternary(std::span<std::int8_t> out, std::size_t weight, ChaCha20& stream) {
  if (weight > out.size()) throw Error("FHE0801", "a sparse secret has more places than coefficients");
  std::memset(out.data(), 0, out.size());
  // Floyd's choice of a subset: each j either takes a random place up to j, or j itself where that one is taken (Bentley, CACM 30, 1987).
  for (std::size_t j = out.size() - weight; j < out.size(); j++) {
    const std::size_t place = sample_below(stream, j + 1);
    const std::int8_t sign = (stream.next() & 1) != 0 ? 1 : -1;
    out[out[place] == 0 ? place : j] = sign;
  }
}

}  // namespace fhec
