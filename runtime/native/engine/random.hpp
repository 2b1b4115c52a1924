#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "modulus.hpp"

namespace fhec {

using Seed = std::array<std::uint8_t, 32>;

/// Fresh bytes from the operating system. Throws FHE0801 when it gives none.
Seed system_seed();

/// Overwrites bytes in a way that the compiler cannot drop.
void wipe(void* bytes, std::size_t count) noexcept;

/// The key stream of ChaCha20 (RFC 8439, sections 2.3 and 2.4) from block 0 on. It wipes itself when it ends. At most 2^32 blocks.
class ChaCha20 {
 public:
  using Nonce = std::array<std::uint32_t, 3>;

  ChaCha20(const Seed& key, const Nonce& nonce) noexcept;
  ~ChaCha20();
  ChaCha20(const ChaCha20&) = delete;
  ChaCha20& operator=(const ChaCha20&) = delete;

  /// The next 8 bytes of the stream, little-endian.
  Word next() noexcept {
    if (at_ == words_per_batch) refill();
    return batch_[at_++];
  }
  void fill(std::span<Word> words) noexcept {
    for (Word& word : words) word = next();
  }

 private:
  static constexpr std::size_t words_per_batch = 128;
  void refill() noexcept;

  std::array<std::uint32_t, 8> key_;
  Nonce nonce_;
  std::uint32_t counter_ = 0;
  std::size_t at_ = words_per_batch;
  /// 16 blocks.
  alignas(64) std::array<Word, words_per_batch> batch_;
};

/// Uniform words below q: the low bits of each word of the stream, those at or above q rejected. The same stream gives the same words on
/// every machine; key files rely on it.
void sample_uniform(std::span<Word> out, ChaCha20& stream, const Modulus& q) noexcept;

/// A value in [0, bound), without bias; bound is not zero.
Word sample_below(ChaCha20& stream, Word bound) noexcept;

/// Discrete Gaussian of standard deviation 3.2, cut at six of them (Homomorphic Encryption Standard, 2018), by inversion of a distribution
/// table of 64 bits; the same steps for every value.
void sample_gaussian(std::span<std::int8_t> out, ChaCha20& stream) noexcept;

/// -1, 0 or 1, each with probability 1/3.
void sample_ternary(std::span<std::int8_t> out, ChaCha20& stream) noexcept;

/// `weight` places, uniform among all choices, hold -1 or 1 with probability 1/2 each, the others 0. weight <= out.size().
void sample_sparse_ternary(std::span<std::int8_t> out, std::size_t weight, ChaCha20& stream);

}  // namespace fhec
