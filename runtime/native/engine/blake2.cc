#include "blake2.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

namespace fhec {
namespace {

static_assert(std::endian::native == std::endian::little, "words are read as they lie in memory");

constexpr std::size_t block_bytes = 128;
constexpr std::size_t most_bytes = 64;

constexpr std::array<std::uint64_t, 8> start = {0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b,
                                                0xa54ff53a5f1d36f1, 0x510e527fade682d1, 0x9b05688c2b3e6c1f,
                                                0x1f83d9abfb41bd6b, 0x5be0cd19137e2179};

constexpr std::uint8_t order[10][16] = {
    {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}, {14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3},
    {11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4}, {7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8},
    {9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13}, {2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9},
    {12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11}, {13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10},
    {6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5}, {10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0}};

inline void mix(std::uint64_t& a, std::uint64_t& b, std::uint64_t& c, std::uint64_t& d, std::uint64_t x,
                std::uint64_t y) {
  a += b + x;
  d = std::rotr(d ^ a, 32);
  c += d;
  b = std::rotr(b ^ c, 24);
  a += b + y;
  d = std::rotr(d ^ a, 16);
  c += d;
  b = std::rotr(b ^ c, 63);
}

using State = std::array<std::uint64_t, 8>;

/// `count`: the bytes of input up to the end of this block.
void compress(State& h, const std::uint8_t* block, std::uint64_t count, bool last) {
  std::uint64_t m[16];
  std::memcpy(m, block, block_bytes);
  std::uint64_t v[16];
  std::copy(h.begin(), h.end(), v);
  std::copy(start.begin(), start.end(), v + 8);
  v[12] ^= count;
  if (last) v[14] = ~v[14];
  for (int round = 0; round < 12; round++) {
    const std::uint8_t* s = order[round % 10];
    mix(v[0], v[4], v[8], v[12], m[s[0]], m[s[1]]);
    mix(v[1], v[5], v[9], v[13], m[s[2]], m[s[3]]);
    mix(v[2], v[6], v[10], v[14], m[s[4]], m[s[5]]);
    mix(v[3], v[7], v[11], v[15], m[s[6]], m[s[7]]);
    mix(v[0], v[5], v[10], v[15], m[s[8]], m[s[9]]);
    mix(v[1], v[6], v[11], v[12], m[s[10]], m[s[11]]);
    mix(v[2], v[7], v[8], v[13], m[s[12]], m[s[13]]);
    mix(v[3], v[4], v[9], v[14], m[s[14]], m[s[15]]);
  }
  for (std::size_t i = 0; i < 8; i++) h[i] ^= v[i] ^ v[i + 8];
}

/// The parameter block of RFC 7693, section 2.5, with the fields that BLAKE2X sets.
struct Parameters {
  std::uint64_t digest = most_bytes;
  std::uint64_t key = 0;
  std::uint64_t fanout = 1;
  std::uint64_t depth = 1;
  std::uint64_t leaf = 0;
  std::uint64_t node = 0;
  std::uint64_t length = 0;
  std::uint64_t inner = 0;

  State state() const {
    State h = start;
    h[0] ^= digest | key << 8 | fanout << 16 | depth << 24 | leaf << 32;
    h[1] ^= node | length << 32;
    h[2] ^= inner << 8;
    return h;
  }
};

/// The hash of key block and input from a starting state.
State digest(State h, std::span<const std::uint8_t> key, std::span<const std::uint8_t> input) {
  std::array<std::uint8_t, block_bytes> block{};
  std::uint64_t count = 0;
  if (!key.empty()) {
    std::copy(key.begin(), key.end(), block.begin());
    count = block_bytes;
    compress(h, block.data(), count, input.empty());
    if (input.empty()) return h;
  }
  for (; input.size() > block_bytes; input = input.subspan(block_bytes)) {
    count += block_bytes;
    compress(h, input.data(), count, false);
  }
  block.fill(0);
  std::copy(input.begin(), input.end(), block.begin());
  compress(h, block.data(), count + input.size(), true);
  return h;
}

}  // namespace

void blake2b(std::span<std::uint8_t> out, std::span<const std::uint8_t> input) {
  Parameters parameters;
  parameters.digest = out.size();
  const State h = digest(parameters.state(), {}, input);
  std::memcpy(out.data(), h.data(), out.size());
}

void blake2xb(std::span<std::uint8_t> out, std::span<const std::uint8_t> input, std::span<const std::uint8_t> key) {
  Parameters parameters;
  parameters.key = key.size();
  parameters.length = out.size();
  const State root = digest(parameters.state(), key, input);
  std::array<std::uint8_t, most_bytes> root_bytes;
  std::memcpy(root_bytes.data(), root.data(), root_bytes.size());

  parameters.key = parameters.fanout = parameters.depth = 0;
  parameters.leaf = parameters.inner = most_bytes;
  for (std::size_t at = 0; at < out.size(); at += most_bytes, parameters.node++) {
    parameters.digest = std::min(most_bytes, out.size() - at);
    const State h = digest(parameters.state(), {}, root_bytes);
    std::memcpy(out.data() + at, h.data(), parameters.digest);
  }
}

}  // namespace fhec
