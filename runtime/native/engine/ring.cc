#include "ring.hpp"

#include <algorithm>
#include <bit>
#include <string>
#include <unordered_set>
#include <utility>

#include "error.hpp"

namespace fhec {

Ring make_ring(std::size_t degree, std::span<const Word> data_primes, std::span<const Word> special_primes,
               KernelChoice kernel) {
  if (!std::has_single_bit(degree) || degree < 8 || degree > (std::size_t{1} << 17)) {
    throw Error("FHE0801", "The ring degree " + std::to_string(degree) + " is not a power of two between 8 and 131072.");
  }
  if (data_primes.empty()) throw Error("FHE0801", "The ring has no data prime.");
  Ring ring;
  ring.degree = degree;
  ring.data_count = data_primes.size();
  ring.special_count = special_primes.size();
  ring.limbs.reserve(data_primes.size() + special_primes.size());
  std::unordered_set<Word> seen;
  for (const std::span<const Word> primes : {data_primes, special_primes}) {
    for (const Word prime : primes) {
      if (!seen.insert(prime).second) {
        throw Error("FHE0801", "The prime " + std::to_string(prime) + " occurs twice in the modulus chain.");
      }
      const Modulus modulus(prime);
      const Kernel& chosen = kernel_for(modulus, kernel);
      const TableUse use = &chosen == &portable_kernel ? TableUse::scalar : TableUse::vector;
      ring.limbs.push_back(Limb{modulus, NttTables(degree, modulus, use), &chosen});
    }
  }
  return ring;
}

std::vector<const Limb*> limbs_of(const Ring& ring, const KeyBasis& basis) {
  std::vector<const Limb*> limbs;
  for (std::size_t j = 0; j < basis.limb_count(); j++) limbs.push_back(&ring.limbs[basis.ring_limb(ring, j)]);
  return limbs;
}

void Plaintext::get(std::size_t i, std::size_t at, std::size_t count, Word* to) const noexcept {
  if (!constants.empty()) {
    std::fill_n(to, count, constants[i]);
  } else if (run == 1) {
    words.get(i, at, count, to);
  } else if (run >= count) {
    std::fill_n(to, count, runs.row(i)[at / run]);
  } else {
    const Word* from = runs.row(i) + at / run;
    for (std::size_t k = 0; k < count / run; k++) std::fill_n(to + k * run, run, from[k]);
  }
}

const std::uint8_t* Plaintext::packed(std::size_t i, std::size_t at, std::size_t count, const Limb& limb,
                                      PackedBlock& block) const noexcept {
  if (constants.empty() && run == 1) return words.packed(i, at);
  get(i, at, count, block.words.data());
  limb.kernel->pack(block.bytes.data(), block.words.data(), static_cast<std::size_t>(packed_width(limb.modulus)), count, limb.modulus);
  return block.bytes.data();
}

PackedPolynomial::PackedPolynomial(Memory& memory, std::size_t degree, std::vector<const Limb*> limbs)
    : degree_(degree), limbs_(std::move(limbs)) {
  // Each limb begins at a cache line; the last words may be read with what lies 64 bytes behind them. runtime/native/plaintext-bytes.ts counts
  // the same bytes.
  constexpr std::size_t line = 64;
  std::size_t end = 0;
  for (const Limb* limb : limbs_) {
    begins_.push_back(end);
    end += (degree / 8 * static_cast<std::size_t>(packed_width(limb->modulus)) + line - 1) / line * line;
  }
  bytes_ = Buffer(memory, (end + line) / sizeof(Word));
}

void PackedPolynomial::put(std::size_t i, const Word* words) noexcept {
  const auto& [modulus, tables, kernel] = *limbs_[i];
  std::uint8_t* to = reinterpret_cast<std::uint8_t*>(bytes_.data()) + begins_[i];
  kernel->pack(to, words, static_cast<std::size_t>(packed_width(modulus)), degree_, modulus);
}

void PackedPolynomial::get(std::size_t i, std::size_t at, std::size_t count, Word* words) const noexcept {
  const auto& [modulus, tables, kernel] = *limbs_[i];
  kernel->unpack(words, packed(i, at), static_cast<std::size_t>(packed_width(modulus)), count, modulus);
}

const std::uint8_t* PackedPolynomial::packed(std::size_t i, std::size_t at) const noexcept {
  const auto width = static_cast<std::size_t>(packed_width(limbs_[i]->modulus));
  return reinterpret_cast<const std::uint8_t*>(bytes_.data()) + begins_[i] + at / 8 * width;
}

Polynomial::Polynomial(Memory& memory, std::size_t degree, std::size_t limb_count) {
  limbs_.reserve(limb_count);
  for (std::size_t i = 0; i < limb_count; i++) limbs_.emplace_back(memory, degree);
}

}  // namespace fhec
