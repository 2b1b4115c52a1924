#include "rotation.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "engine.hpp"
#include "error.hpp"
#include "evaluate.hpp"

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
  const std::size_t digits = key.shape().digits.size();
  engine.pool().for_each(digits * key.shape().basis.limb_count(), [&](std::size_t task) {
    Polynomial scratch(engine.memory(), n, 2);
    for (std::size_t half = 0; half < 2; half++) {
      key.get(half, task % digits, task / digits, scratch.limb(0));
      ring.limbs[0].kernel->gather(scratch.limb(1), scratch.limb(0), table.data(), n);
      key.put(half, task % digits, task / digits, scratch.limb(1));
    }
  });
  key.set_element(element);
}

namespace {

std::vector<Ciphertext> rotated(Engine& engine, const Ciphertext& a, std::span<const SwitchKey* const> keys,
                                const Ciphertext* addend) {
  std::vector<Ciphertext> out;
  if (keys.empty()) return out;
  if (a.parts.size() != 2)
    throw Error("FHE0801", "rotation of a ciphertext of " + std::to_string(a.parts.size()) + " parts: relinearize it first");
  const KeyShape& shape = keys[0]->shape();
  const SplitPolynomial split(engine, a.parts[1], {a.level, shape.basis.special_count}, shape.digits);
  std::vector<Switching> switchings;
  for (const SwitchKey* key : keys) switchings.push_back({key, {&a.parts[0], nullptr}, addend});
  for (std::array<Polynomial, 2>& parts : switch_many(engine, split, switchings, false)) {
    Ciphertext rotated;
    rotated.level = a.level;
    rotated.scale = a.scale;
    for (Polynomial& part : parts) rotated.parts.push_back(std::move(part));
    out.push_back(std::move(rotated));
  }
  return out;
}

}  // namespace

Ciphertext rotate(Engine& engine, const Ciphertext& a, const SwitchKey& key) {
  const SwitchKey* keys[] = {&key};
  return std::move(rotate_many(engine, a, keys).front());
}

std::vector<Ciphertext> rotate_many(Engine& engine, const Ciphertext& a, std::span<const SwitchKey* const> keys) {
  return rotated(engine, a, keys, nullptr);
}

Ciphertext rotate_add(Engine& engine, const Ciphertext& a, const SwitchKey& key, const Ciphertext& addend) {
  require_sum(a, addend);
  if (addend.parts.size() != 2) throw Error("FHE0801", "a sum of a rotation with " + std::to_string(addend.parts.size()) + " parts");
  const SwitchKey* keys[] = {&key};
  return std::move(rotated(engine, a, keys, &addend).front());
}

Ciphertext add_rotated(Engine& engine, const Ciphertext& addend, const Ciphertext& a, const SwitchKey& key) {
  Ciphertext out = rotate_add(engine, a, key, addend);
  out.scale = addend.scale;
  return out;
}

}  // namespace fhec
