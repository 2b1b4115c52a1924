#include "rotation.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "engine.hpp"
#include "error.hpp"

namespace fhec {

std::uint64_t inverse_element(std::uint64_t element, std::size_t degree) {
  // Newton's iteration doubles the number of right bits; an odd number is its own inverse modulo 8.
  std::uint64_t inverse = element;
  for (int right = 3; right < 64; right *= 2) inverse *= 2 - element * inverse;
  return inverse & (2 * degree - 1);
}

void rotate_back(Engine& engine, SwitchKey& key, std::uint64_t element) {
  const Ring& ring = engine.ring();
  const std::size_t n = ring.degree;
  const std::vector<std::uint32_t>& table = engine.automorphisms().table(inverse_element(element, n));
  for (Polynomial& half : key.halves) {
    engine.pool().for_each(half.limb_count(), [&](std::size_t i) {
      Polynomial scratch(engine.memory(), n, 1);
      std::copy_n(half.limb(i), n, scratch.limb(0));
      ring.limbs[0].kernel->gather(half.limb(i), scratch.limb(0), table.data(), n);
    });
  }
  key.element = element;
}

Ciphertext rotate(Engine& engine, const Ciphertext& a, const SwitchKey& key) {
  const SwitchKey* keys[] = {&key};
  return std::move(rotate_many(engine, a, keys).front());
}

std::vector<Ciphertext> rotate_many(Engine& engine, const Ciphertext& a, std::span<const SwitchKey* const> keys) {
  std::vector<Ciphertext> out;
  if (keys.empty()) return out;
  if (a.parts.size() != 2)
    throw Error("FHE0801", "rotation of a ciphertext of " + std::to_string(a.parts.size()) + " parts: relinearize it first");
  const SplitPolynomial split(engine, a.parts[1], {a.level, keys[0]->special_count}, keys[0]->digits);
  for (ExtendedCiphertext& u : multiply_many(engine, split, keys)) {
    const std::vector<std::uint32_t>& table = engine.automorphisms().table(keys[out.size()]->element);
    std::array<Polynomial, 2> parts =
        mod_down(engine, std::move(u), {.addend = &a.parts[0], .automorphism = table.data()});
    Ciphertext rotated;
    rotated.level = a.level;
    rotated.scale = a.scale;
    for (Polynomial& part : parts) rotated.parts.push_back(std::move(part));
    out.push_back(std::move(rotated));
    // The next results need the memory.
    u = {};
  }
  return out;
}

}  // namespace fhec
