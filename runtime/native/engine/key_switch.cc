#include "key_switch.hpp"

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

#include "engine.hpp"
#include "error.hpp"
#include "mod_down.hpp"
#include "rns.hpp"

namespace fhec {

SwitchKey::SwitchKey(Memory& memory, const Ring& ring, KeyShape shape) : shape_(std::move(shape)), degree_(ring.degree) {
  // A limb begins at a cache line of its own; the last words may be read with what lies 64 bytes behind them. runtime/native/key-bytes.ts counts
  // the same bytes.
  constexpr std::size_t line = 64;
  std::size_t end = 0;
  for (std::size_t j = 0; j < shape_.basis.limb_count(); j++) {
    const Limb& limb = ring.limbs[shape_.basis.ring_limb(ring, j)];
    const auto width = static_cast<std::size_t>(packed_width(limb.modulus));
    limbs_.push_back({end, &limb});
    end += (degree_ / 8 * 2 * shape_.digits.size() * width + line - 1) / line * line;
  }
  bytes_ = Buffer(memory, (end + line) / sizeof(Word));
}

void SwitchKey::put(std::size_t half, std::size_t digit, std::size_t j, const Word* words) noexcept {
  const auto& [modulus, tables, kernel] = *limbs_[j].limb;
  const auto width = static_cast<std::size_t>(packed_width(modulus));
  std::uint8_t* to = reinterpret_cast<std::uint8_t*>(bytes_.data()) + limbs_[j].at + (2 * digit + half) * width;
  kernel->pack(to, words, 2 * shape_.digits.size() * width, degree_, modulus);
}

void SwitchKey::get(std::size_t half, std::size_t digit, std::size_t j, Word* words) const noexcept {
  const auto& [modulus, tables, kernel] = *limbs_[j].limb;
  const auto width = static_cast<std::size_t>(packed_width(modulus));
  kernel->unpack(words, packed(j) + (2 * digit + half) * width, 2 * shape_.digits.size() * width, degree_, modulus);
}

namespace {

bool same(std::span<const Digit> a, std::span<const Digit> b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const Digit& x, const Digit& y) { return x.first == y.first && x.count == y.count; });
}

}  // namespace

void require_key(const SplitPolynomial& split, const SwitchKey& key) {
  const KeyBasis& basis = split.basis();
  const KeyShape& shape = key.shape();
  if (shape.basis.level < basis.level)
    throw Error("FHE0801", "a key of level " + std::to_string(shape.basis.level) + " cannot serve level " +
                               std::to_string(basis.level));
  if (shape.basis.special_count != basis.special_count || !same(split.digits(), digits_at(shape.digits, basis.level)))
    throw Error("FHE0801", "the key has other digits than the polynomial was split into");
}

void multiply_limb(Engine& engine, const SplitPolynomial& split, std::size_t j, std::span<const Word* const> lifted,
                   const SwitchKey& key, Word* const* out) {
  const Ring& ring = engine.ring();
  const KeyBasis& basis = split.basis();
  const Limb& limb = ring.limbs[basis.ring_limb(ring, j)];
  const std::size_t key_limb = j <= basis.level ? j : j - basis.level + key.shape().basis.level;
  limb.kernel->inner_product_pair(out, lifted.data(), key.packed(key_limb), key.shape().digits.size(), lifted.size(),
                                  ring.degree, limb.modulus);
}

void add_times_p(Engine& engine, Word* words, const Polynomial& c, std::size_t j, const KeyBasis& basis) {
  const Ring& ring = engine.ring();
  const Limb& limb = ring.limbs[j];
  const Word p = engine.conversions().from(ring.data_count, basis.special_count).product(j);
  Buffer scratch(engine.memory(), ring.degree);
  limb.kernel->multiply_scalar(scratch.data(), c.limb(j), p, ring.degree, limb.modulus);
  limb.kernel->add(words, words, scratch.data(), ring.degree, limb.modulus);
}

namespace {

/// The limbs that a division drops, of both parts of each switching, ready for ModDown::finish.
struct Dropped {
  Rows words;
  Rows quotients;
  std::size_t count;
  const Word* prepared(std::size_t k, std::size_t half) const { return words.row((2 * k + half) * count); }
};

Dropped make_dropped(Engine& engine, const SplitPolynomial& split, std::span<const Switching> switchings,
                     const ModDown& division) {
  const std::size_t n = engine.ring().degree;
  const std::size_t digits = split.digits().size();
  const std::size_t count = division.dropped();
  const std::size_t keys = switchings.size();
  Dropped out{Rows(engine.memory(), n, 2 * keys * count), Rows(engine.memory(), n, 2 * keys), count};
  // These limbs are few: threads share them by digit.
  Buffer scratch(engine.memory(), count * digits * (n + lifted_padding));
  std::vector<const Word*> lifted(count * digits);
  engine.pool().for_each(count * digits, [&](std::size_t task) {
    lifted[task] = split.limb(task % digits, division.kept() + task / digits, scratch.data() + task * (n + lifted_padding));
  });
  engine.pool().for_each(count * keys, [&](std::size_t task) {
    const std::size_t i = task / keys;
    const std::size_t k = task % keys;
    const std::size_t j = division.kept() + i;
    Word* const parts[] = {out.words.row(2 * k * count + i), out.words.row((2 * k + 1) * count + i)};
    multiply_limb(engine, split, j, std::span(lifted).subspan(i * digits, digits), *switchings[k].key, parts);
    for (std::size_t half = 0; half < 2; half++) {
      const Polynomial* addend = switchings[k].addends[half];
      if (j <= split.basis().level && addend != nullptr) add_times_p(engine, parts[half], *addend, j, split.basis());
      division.prepare(parts[half], i);
    }
  });
  engine.pool().for_each(
      2 * keys, [&](std::size_t part) { division.quotients(out.quotients.row(part), out.words.row(part * count)); });
  return out;
}

}  // namespace

std::vector<std::array<Polynomial, 2>> switch_many(Engine& engine, const SplitPolynomial& split,
                                                   std::span<const Switching> switchings, bool rescale) {
  for (const Switching& s : switchings) require_key(split, *s.key);
  const Ring& ring = engine.ring();
  const std::size_t n = ring.degree;
  const ModDown division(engine, split.basis(), rescale);
  std::vector<const std::uint32_t*> automorphisms;
  for (const Switching& s : switchings) {
    const std::uint64_t element = s.key->shape().element;
    automorphisms.push_back(element == 1 ? nullptr : engine.automorphisms().table(element).data());
  }
  const Dropped dropped = make_dropped(engine, split, switchings, division);
  std::vector<std::array<Polynomial, 2>> out(switchings.size());
  for (std::array<Polynomial, 2>& parts : out)
    for (Polynomial& part : parts) part = Polynomial(engine.memory(), n, division.kept());
  // From the digits to the result limb by limb, in the cache.
  engine.pool().for_each(division.kept(), [&](std::size_t j) {
    const Limb& limb = ring.limbs[j];
    const LiftedLimb lifted(engine, split, j);
    Polynomial scratch(engine.memory(), n, 3);
    Word* const parts[] = {scratch.limb(0), scratch.limb(1)};
    for (std::size_t k = 0; k < switchings.size(); k++) {
      multiply_limb(engine, split, j, lifted.words(), *switchings[k].key, parts);
      for (std::size_t half = 0; half < 2; half++) {
        const Polynomial* addend = switchings[k].addends[half];
        Word* straight = automorphisms[k] != nullptr ? scratch.limb(2) : out[k][half].limb(j);
        if (rescale && addend != nullptr) add_times_p(engine, parts[half], *addend, j, split.basis());
        division.finish(straight, parts[half], dropped.prepared(k, half), dropped.quotients.row(2 * k + half), j);
        if (!rescale && addend != nullptr) limb.kernel->add(straight, straight, addend->limb(j), n, limb.modulus);
        Word* to = out[k][half].limb(j);
        if (automorphisms[k] != nullptr) limb.kernel->gather(to, straight, automorphisms[k], n);
        if (switchings[k].after != nullptr) limb.kernel->add(to, to, switchings[k].after->parts[half].limb(j), n, limb.modulus);
      }
    }
  });
  return out;
}

namespace {

SplitPolynomial split_for(Engine& engine, const Polynomial& part, std::size_t level, const SwitchKey& key) {
  return SplitPolynomial(engine, part, {level, key.shape().basis.special_count}, key.shape().digits);
}

Ciphertext ciphertext_of(std::array<Polynomial, 2>&& parts, std::size_t level, double scale) {
  Ciphertext out;
  out.level = level;
  out.scale = scale;
  for (Polynomial& part : parts) out.parts.push_back(std::move(part));
  return out;
}

void require_parts(const Ciphertext& a, std::size_t parts, const char* action) {
  if (a.parts.size() != parts)
    throw Error("FHE0801", std::string(action) + " of a ciphertext of " + std::to_string(a.parts.size()) + " parts, not " +
                               std::to_string(parts));
}

}  // namespace

Ciphertext relinearize(Engine& engine, const Ciphertext& a, const SwitchKey& key) {
  require_parts(a, 3, "relinearization");
  const Switching switching{&key, {&a.parts[0], &a.parts[1]}};
  auto parts = switch_many(engine, split_for(engine, a.parts[2], a.level, key), {&switching, 1}, false);
  return ciphertext_of(std::move(parts[0]), a.level, a.scale);
}

Ciphertext relinearize_rescale(Engine& engine, const Ciphertext& a, const SwitchKey& key) {
  require_parts(a, 3, "relinearization");
  const Switching switching{&key, {&a.parts[0], &a.parts[1]}};
  auto parts = switch_many(engine, split_for(engine, a.parts[2], a.level, key), {&switching, 1}, true);
  const double prime = static_cast<double>(engine.ring().limbs[a.level].modulus.value);
  return ciphertext_of(std::move(parts[0]), a.level - 1, a.scale / prime);
}

Ciphertext switch_secret(Engine& engine, const Ciphertext& a, const SwitchKey& key) {
  require_parts(a, 2, "a switch of the secret");
  const Switching switching{&key, {&a.parts[0], nullptr}};
  auto parts = switch_many(engine, split_for(engine, a.parts[1], a.level, key), {&switching, 1}, false);
  return ciphertext_of(std::move(parts[0]), a.level, a.scale);
}

}  // namespace fhec
