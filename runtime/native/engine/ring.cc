#include "ring.hpp"

#include <algorithm>
#include <bit>
#include <string>
#include <unordered_set>

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

const Word* Plaintext::limb(std::size_t i, std::size_t at, std::size_t count, Word* scratch) const noexcept {
  if (constants.empty() && run == 1) return words.limb(i) + at;
  if (!constants.empty() || run >= count) {
    std::fill_n(scratch, count, constants.empty() ? words.limb(i)[at / run] : constants[i]);
  } else {
    const Word* from = words.limb(i) + at / run;
    for (std::size_t k = 0; k < count / run; k++) std::fill_n(scratch + k * run, run, from[k]);
  }
  return scratch;
}

Polynomial::Polynomial(Memory& memory, std::size_t degree, std::size_t limb_count)
    : buffer_(memory, degree * limb_count), degree_(degree), limb_count_(limb_count) {}

}  // namespace fhec
