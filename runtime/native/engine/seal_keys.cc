#include "seal_keys.hpp"

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "engine.hpp"
#include "error.hpp"
#include "rotation.hpp"
#include "seal_format.hpp"

namespace fhec {

SwitchKey import_seal_key(Engine& engine, std::span<const SealKeyDigit> digits, std::uint64_t element) {
  const Ring& ring = engine.ring();
  if (ring.special_count != 1) throw Error("FHE0801", "SEAL's keys have one special prime, the ring has " + std::to_string(ring.special_count));
  if (digits.empty() || digits.size() > ring.data_count)
    throw Error("FHE0801", "a key of " + std::to_string(digits.size()) + " digits for " + std::to_string(ring.data_count) + " primes");
  if (element % 2 == 0 || element >= 2 * ring.degree) throw Error("FHE0801", std::to_string(element) + " is no Galois element");

  KeyShape shape;
  shape.basis = {.level = digits.size() - 1, .special_count = 1};
  for (std::size_t d = 0; d < digits.size(); d++) shape.digits.push_back({.first = d, .count = 1});
  std::vector<Word> primes;
  for (std::size_t j = 0; j < shape.basis.limb_count(); j++)
    primes.push_back(ring.limbs[shape.basis.ring_limb(ring, j)].modulus.value);
  const std::size_t n = ring.degree;
  const std::size_t polynomial = primes.size() * n;

  SwitchKey key(engine.memory(), engine.ring(), shape);
  engine.pool().for_each(digits.size(), [&](std::size_t d) {
    const auto& [words, seed] = digits[d];
    const bool seeded = !seed.empty();
    if (words.size() != (seeded ? 1 : 2) * polynomial * sizeof(Word) || (seeded && seed.size() != SealSeed::extent))
      throw Error("FHE0702", "digit " + std::to_string(d) + " of a key has a wrong length");
    Buffer half(engine.memory(), polynomial);
    for (std::size_t h = 0; h < 2; h++) {
      if (h == 1 && seeded) {
        expand_seal_seed(half.data(), n, primes, seed.first<SealSeed::extent>());
      } else {
        std::memcpy(half.data(), words.data() + h * polynomial * sizeof(Word), polynomial * sizeof(Word));
      }
      for (std::size_t j = 0; j < primes.size(); j++) {
        const Word* limb = half.data() + j * n;
        if (*std::max_element(limb, limb + n) >= primes[j]) throw Error("FHE0702", "a coefficient of a key is not below its prime");
        key.put(h, d, j, limb);
      }
    }
  });
  if (element != 1) rotate_back(engine, key, element);
  return key;
}

}  // namespace fhec
