#include "transfer.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>

#include "error.hpp"
#include "seal_format.hpp"

namespace fhec {
namespace {

void require_level(Engine& engine, std::size_t level) {
  if (level >= engine.ring().data_count) throw Error("FHE0801", "level " + std::to_string(level) + " is beyond the modulus chain");
}

void require_scale(double scale) {
  if (!(scale > 0) || !std::isfinite(scale)) throw Error("FHE0801", "a scale that is not positive and finite");
}

bool below(const Word* words, std::size_t n, Word bound) noexcept {
  Word largest = 0;
  for (std::size_t j = 0; j < n; j++) largest = std::max(largest, words[j]);
  return largest < bound;
}

}  // namespace

Polynomial import_polynomial(Engine& engine, std::span<const std::uint8_t> bytes, std::size_t limbs, std::size_t first) {
  const Ring& ring = engine.ring();
  const std::size_t row = ring.degree * sizeof(Word);
  if (bytes.size() != limbs * row)
    throw Error("FHE0702", std::to_string(bytes.size()) + " bytes of a polynomial that takes " + std::to_string(limbs * row));
  Polynomial made(engine.memory(), ring.degree, limbs);
  engine.pool().for_each(limbs, [&](std::size_t i) {
    std::memcpy(made.limb(i), bytes.data() + i * row, row);
    if (!below(made.limb(i), ring.degree, ring.limbs[first + i].modulus.value))
      throw Error("FHE0702", "a coefficient is not below its prime");
  });
  return made;
}

Ciphertext import_ciphertext(Engine& engine, std::span<const std::uint8_t> bytes, std::size_t parts, std::size_t level,
                             double scale) {
  require_level(engine, level);
  require_scale(scale);
  if (parts != 2 && parts != 3) throw Error("FHE0801", "a ciphertext of " + std::to_string(parts) + " parts");
  const std::size_t each = bytes.size() / parts;
  if (each * parts != bytes.size()) throw Error("FHE0702", "a ciphertext whose parts differ in length");
  Ciphertext made;
  made.level = level;
  made.scale = scale;
  for (std::size_t p = 0; p < parts; p++)
    made.parts.push_back(import_polynomial(engine, bytes.subspan(p * each, each), level + 1));
  return made;
}

Ciphertext import_seeded_ciphertext(Engine& engine, std::span<const std::uint8_t> first_part,
                                    std::span<const std::uint8_t> seed, std::size_t level, double scale) {
  require_level(engine, level);
  require_scale(scale);
  if (seed.size() != SealSeed::extent) throw Error("FHE0702", "a seed of " + std::to_string(seed.size()) + " bytes");
  Ciphertext made;
  made.level = level;
  made.scale = scale;
  made.parts.push_back(import_polynomial(engine, first_part, level + 1));
  made.parts.emplace_back(engine.memory(), engine.ring().degree, level + 1);
  const std::size_t n = engine.ring().degree;
  std::vector<Word> primes;
  for (std::size_t i = 0; i <= level; i++) primes.push_back(engine.ring().limbs[i].modulus.value);
  Buffer uniform(engine.memory(), primes.size() * n);
  expand_seal_seed(uniform.data(), n, primes, seed.first<SealSeed::extent>());
  for (std::size_t i = 0; i <= level; i++) std::memcpy(made.parts[1].limb(i), uniform.data() + i * n, n * sizeof(Word));
  return made;
}

Plaintext import_plaintext(Engine& engine, std::span<const std::uint8_t> bytes, std::size_t level, double scale) {
  require_level(engine, level);
  require_scale(scale);
  Plaintext made;
  made.level = level;
  made.scale = scale;
  const Polynomial words = import_polynomial(engine, bytes, level + 1);
  made.words = PackedPolynomial(engine.memory(), engine.ring().degree, limbs_of(engine.ring(), {level, 0}));
  engine.pool().for_each(level + 1, [&](std::size_t i) { made.words.put(i, words.limb(i)); });
  return made;
}

std::size_t export_bytes(Engine& engine, const Ciphertext& a) noexcept {
  return a.parts.size() * (a.level + 1) * engine.ring().degree * sizeof(Word);
}

void export_ciphertext(Engine& engine, const Ciphertext& a, std::uint8_t* out) {
  const std::size_t limb = engine.ring().degree * sizeof(Word);
  for (const Polynomial& part : a.parts) {
    for (std::size_t i = 0; i <= a.level; i++, out += limb) std::memcpy(out, part.limb(i), limb);
  }
}

void export_plaintext(Engine& engine, const Plaintext& p, std::uint8_t* out) {
  const std::size_t n = engine.ring().degree;
  Buffer scratch(engine.memory(), n);
  for (std::size_t i = 0; i <= p.level; i++) {
    p.get(i, 0, n, scratch.data());
    std::memcpy(out + i * n * sizeof(Word), scratch.data(), n * sizeof(Word));
  }
}

}  // namespace fhec
