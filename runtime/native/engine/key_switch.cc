#include "key_switch.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "engine.hpp"
#include "error.hpp"
#include "rns.hpp"

namespace fhec {

SwitchKey::SwitchKey(Memory& memory, const Ring& ring, std::size_t key_level, std::size_t key_special_count,
                     std::vector<Digit> key_digits)
    : level(key_level), special_count(key_special_count), digits(std::move(key_digits)) {
  for (Polynomial& half : halves) half = Polynomial(memory, ring.degree, digits.size() * limb_count());
}

namespace {

bool same(std::span<const Digit> a, std::span<const Digit> b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const Digit& x, const Digit& y) { return x.first == y.first && x.count == y.count; });
}

void require_key(const SplitPolynomial& split, const SwitchKey& key) {
  const KeyBasis& basis = split.basis();
  if (key.level < basis.level)
    throw Error("FHE0801", "a key of level " + std::to_string(key.level) + " cannot serve level " + std::to_string(basis.level));
  if (key.special_count != basis.special_count || !same(split.digits(), digits_at(key.digits, basis.level)))
    throw Error("FHE0801", "the key has other digits than the polynomial was split into");
}

}  // namespace

std::vector<ExtendedCiphertext> multiply_many(Engine& engine, const SplitPolynomial& split,
                                              std::span<const SwitchKey* const> keys) {
  for (const SwitchKey* key : keys) require_key(split, *key);
  const KeyBasis& basis = split.basis();
  std::vector<ExtendedCiphertext> out;
  for (std::size_t k = 0; k < keys.size(); k++) out.push_back(fresh(engine, basis));
  engine.pool().for_each(basis.limb_count(), [&](std::size_t j) {
    const LiftedLimb lifted(engine, split, j);
    for (std::size_t k = 0; k < keys.size(); k++) {
      for (std::size_t half = 0; half < 2; half++) lifted.multiply(out[k].parts[half].limb(j), *keys[k], half);
    }
  });
  return out;
}

ExtendedCiphertext multiply(Engine& engine, const SplitPolynomial& split, const SwitchKey& key) {
  const SwitchKey* keys[] = {&key};
  return std::move(multiply_many(engine, split, keys).front());
}

ExtendedCiphertext fresh(Engine& engine, const KeyBasis& basis) {
  const std::size_t n = engine.ring().degree;
  const std::size_t limbs = basis.limb_count();
  return {basis, {Polynomial(engine.memory(), n, limbs), Polynomial(engine.memory(), n, limbs)}};
}

LiftedLimb::LiftedLimb(Engine& engine, const SplitPolynomial& split, std::size_t j)
    : ring_(&engine.ring()), basis_(&split.basis()), j_(j), scratch_(engine.memory(), ring_->degree, split.digits().size()) {
  for (std::size_t d = 0; d < split.digits().size(); d++) words_.push_back(split.limb(d, j, scratch_.limb(d)));
}

void LiftedLimb::multiply(Word* out, const SwitchKey& key, std::size_t half) const {
  const Limb& limb = ring_->limbs[basis_->ring_limb(*ring_, j_)];
  const std::size_t key_limb = j_ <= basis_->level ? j_ : j_ - basis_->level + key.level;
  std::array<const Word*, 64> key_words;
  for (std::size_t d = 0; d < words_.size(); d++) key_words[d] = key.words(half, d, key_limb);
  limb.kernel->inner_product(out, words_.data(), key_words.data(), words_.size(), ring_->degree, limb.modulus);
}

namespace {

/// Divides the parts by the same modulus, sharing the work over all of their limbs.
void mod_down_parts(Engine& engine, std::span<Polynomial> u, std::span<Polynomial> out, const KeyBasis& basis,
                    const ModDown& options) {
  if (options.rescale && (basis.level == 0 || options.addend != nullptr)) throw Error("FHE0801", "a rescale at level 0");
  const Ring& ring = engine.ring();
  const std::size_t n = ring.degree;
  const std::size_t kept = options.rescale ? basis.level : basis.level + 1;
  const std::size_t dropped = basis.limb_count() - kept;
  std::vector<std::size_t> dropped_limbs;
  for (std::size_t j = kept; j < basis.limb_count(); j++) dropped_limbs.push_back(basis.ring_limb(ring, j));
  const BaseConversion& conversion = engine.conversions().from(dropped_limbs);
  Polynomial quotients(engine.memory(), n, u.size());
  engine.pool().for_each(u.size() * dropped, [&](std::size_t task) {
    const std::size_t i = task % dropped;
    Word* words = u[task / dropped].limb(kept + i);
    const Limb& limb = ring.limbs[dropped_limbs[i]];
    limb.kernel->inverse(words, limb.tables);
    conversion.scale(words, i);
  });
  engine.pool().for_each(u.size(),
                         [&](std::size_t p) { conversion.quotients(quotients.limb(p), u[p].limb(kept)); });
  for (Polynomial& part : out) part = Polynomial(engine.memory(), n, kept);
  engine.pool().for_each(u.size() * kept, [&](std::size_t task) {
    const std::size_t p = task / kept;
    const std::size_t j = task % kept;
    const Limb& limb = ring.limbs[j];
    Polynomial scratch;
    if (options.automorphism != nullptr) scratch = Polynomial(engine.memory(), n, 1);
    Word* words = options.automorphism != nullptr ? scratch.limb(0) : out[p].limb(j);
    conversion.convert_centred(words, u[p].limb(kept), quotients.limb(p), j);
    limb.kernel->forward(words, limb.tables);
    limb.kernel->subtract_multiply_scalar(words, u[p].limb(j), words, conversion.inverse_product(j), n, limb.modulus);
    if (p == 0 && options.addend != nullptr) limb.kernel->add(words, words, options.addend->limb(j), n, limb.modulus);
    if (options.automorphism != nullptr) limb.kernel->gather(out[p].limb(j), words, options.automorphism, n);
  });
}

}  // namespace

Polynomial mod_down(Engine& engine, Polynomial&& u, const KeyBasis& basis, const ModDown& options) {
  Polynomial out;
  mod_down_parts(engine, {&u, 1}, {&out, 1}, basis, options);
  return out;
}

std::array<Polynomial, 2> mod_down(Engine& engine, ExtendedCiphertext&& u, const ModDown& options) {
  std::array<Polynomial, 2> out;
  mod_down_parts(engine, u.parts, out, u.basis, options);
  return out;
}

namespace {

Polynomial copy(Engine& engine, const Polynomial& a) {
  const std::size_t n = engine.ring().degree;
  Polynomial out(engine.memory(), n, a.limb_count());
  engine.pool().for_each(a.limb_count(), [&](std::size_t j) { std::copy_n(a.limb(j), n, out.limb(j)); });
  return out;
}

/// a = a + b over the limbs of a.
void add_into(Engine& engine, Polynomial& a, const Polynomial& b) {
  engine.pool().for_each(a.limb_count(), [&](std::size_t j) {
    const Limb& limb = engine.ring().limbs[j];
    limb.kernel->add(a.limb(j), a.limb(j), b.limb(j), engine.ring().degree, limb.modulus);
  });
}

/// u = u + P c over the data primes.
void add_times_p(Engine& engine, Polynomial& u, const Polynomial& c, const KeyBasis& basis) {
  const Ring& ring = engine.ring();
  const BaseConversion& special = engine.conversions().from(ring.data_count, basis.special_count);
  engine.pool().for_each(basis.level + 1, [&](std::size_t j) {
    const Limb& limb = ring.limbs[j];
    Polynomial scratch(engine.memory(), ring.degree, 1);
    limb.kernel->multiply_scalar(scratch.limb(0), c.limb(j), special.product(j), ring.degree, limb.modulus);
    limb.kernel->add(u.limb(j), u.limb(j), scratch.limb(0), ring.degree, limb.modulus);
  });
}

Ciphertext ciphertext_of(std::array<Polynomial, 2>&& parts, std::size_t level, double scale) {
  Ciphertext out;
  out.level = level;
  out.scale = scale;
  for (Polynomial& part : parts) out.parts.push_back(std::move(part));
  return out;
}

void require_parts(const Ciphertext& a, std::size_t least, std::size_t most, const char* action) {
  if (a.parts.size() < least || a.parts.size() > most)
    throw Error("FHE0801", std::string(action) + " of a ciphertext of " + std::to_string(a.parts.size()) + " parts");
}

}  // namespace

Ciphertext relinearize(Engine& engine, const Ciphertext& a, const SwitchKey& key) {
  require_parts(a, 2, 3, "relinearize");
  if (a.parts.size() == 2)
    return ciphertext_of({copy(engine, a.parts[0]), copy(engine, a.parts[1])}, a.level, a.scale);
  const SplitPolynomial split(engine, a.parts[2], {a.level, key.special_count}, key.digits);
  std::array<Polynomial, 2> parts = mod_down(engine, multiply(engine, split, key), {.addend = &a.parts[0]});
  add_into(engine, parts[1], a.parts[1]);
  return ciphertext_of(std::move(parts), a.level, a.scale);
}

Ciphertext relinearize_rescale(Engine& engine, const Ciphertext& a, const SwitchKey& key) {
  require_parts(a, 3, 3, "relinearize and rescale");
  if (a.level == 0) throw Error("FHE0801", "rescale at level 0");
  const SplitPolynomial split(engine, a.parts[2], {a.level, key.special_count}, key.digits);
  ExtendedCiphertext u = multiply(engine, split, key);
  for (std::size_t p = 0; p < 2; p++) add_times_p(engine, u.parts[p], a.parts[p], u.basis);
  const double prime = static_cast<double>(engine.ring().limbs[a.level].modulus.value);
  return ciphertext_of(mod_down(engine, std::move(u), {.rescale = true}), a.level - 1, a.scale / prime);
}

Ciphertext switch_secret(Engine& engine, const Ciphertext& a, const SwitchKey& key) {
  require_parts(a, 2, 2, "switching the secret");
  const SplitPolynomial split(engine, a.parts[1], {a.level, key.special_count}, key.digits);
  return ciphertext_of(mod_down(engine, multiply(engine, split, key), {.addend = &a.parts[0]}), a.level, a.scale);
}

}  // namespace fhec
