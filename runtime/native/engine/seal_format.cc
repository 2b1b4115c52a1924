#include "seal_format.hpp"

#include <cstring>
#include <vector>

#include "blake2.hpp"

namespace fhec {
namespace {

/// SEAL's generator: blocks of 4096 bytes, BLAKE2Xb of a counter under the seed.
class SealGenerator {
 public:
  explicit SealGenerator(SealSeed seed) : seed_(seed) {}

  Word next() {
    if (at_ == block_.size()) refill();
    return block_[at_++];
  }

 private:
  void refill() {
    std::array<std::uint8_t, sizeof(counter_)> input;
    std::memcpy(input.data(), &counter_, input.size());
    blake2xb({reinterpret_cast<std::uint8_t*>(block_.data()), sizeof(block_)}, input, seed_);
    counter_++;
    at_ = 0;
  }

  SealSeed seed_;
  std::uint64_t counter_ = 0;
  std::array<Word, 512> block_{};
  std::size_t at_ = block_.size();
};

}  // namespace

std::array<std::uint8_t, 32> seal_modulus_id(std::size_t degree, std::span<const Word> primes) {
  constexpr Word ckks = 2;
  constexpr Word no_plain_modulus = 0;
  std::vector<Word> words = {ckks, degree};
  words.insert(words.end(), primes.begin(), primes.end());
  words.push_back(no_plain_modulus);
  std::array<std::uint8_t, 32> id;
  blake2b(id, {reinterpret_cast<const std::uint8_t*>(words.data()), words.size() * sizeof(Word)});
  return id;
}

void expand_seal_seed(Word* out, std::size_t degree, std::span<const Word> primes, SealSeed seed) {
  SealGenerator generator(seed);
  for (std::size_t j = 0; j < primes.size() * degree; j++) out[j] = generator.next();
  // Words beyond the largest multiple of the prime are drawn again, from behind all the others.
  for (const Word q : primes) {
    const Word bound = ~Word{0} - ~Word{0} % q - 1;
    for (std::size_t j = 0; j < degree; j++, out++) {
      while (*out >= bound) *out = generator.next();
      *out %= q;
    }
  }
}

}  // namespace fhec
