#include "extended.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "engine.hpp"
#include "error.hpp"
#include "mod_down.hpp"

namespace fhec {
namespace {

/// An operand of either kind.
struct View {
  std::span<const Polynomial> parts;
  std::size_t level;
  double scale;
  bool extended;
};

View view_of(const Operand& operand) {
  const View view = std::visit(
      [](const auto* a) {
        constexpr bool extended = std::is_same_v<decltype(a), const ExtendedCiphertext*>;
        return View{a->parts, a->level, a->scale, extended};
      },
      operand);
  if (view.parts.size() != 2)
    throw Error("FHE0801", "rotation of a ciphertext of " + std::to_string(view.parts.size()) + " parts: relinearize it first");
  return view;
}

KeyBasis basis_of(const Engine& engine, std::size_t level) { return {level, engine.ring().special_count}; }

ExtendedCiphertext make_extended(Engine& engine, std::size_t level, double scale) {
  ExtendedCiphertext out;
  out.level = level;
  out.scale = scale;
  for (int p = 0; p < 2; p++)
    out.parts.emplace_back(engine.memory(), engine.ring().degree, basis_of(engine, level).limb_count());
  return out;
}

/// words = words + limb j of P times a part, which may have the factor already.
void add_part(Engine& engine, Word* words, const View& a, std::size_t part, std::size_t j, const KeyBasis& basis) {
  const Ring& ring = engine.ring();
  const Limb& limb = ring.limbs[basis.ring_limb(ring, j)];
  if (a.extended)
    limb.kernel->add(words, words, a.parts[part].limb(j), ring.degree, limb.modulus);
  else if (j <= basis.level)
    add_times_p(engine, words, a.parts[part], j, basis);
}

}  // namespace

ExtendedCiphertext extend(Engine& engine, const Ciphertext& a) {
  const View view = view_of(&a);
  const Ring& ring = engine.ring();
  const KeyBasis basis = basis_of(engine, a.level);
  ExtendedCiphertext out = make_extended(engine, a.level, a.scale);
  engine.pool().for_each(2 * basis.limb_count(), [&](std::size_t task) {
    Word* words = out.parts[task % 2].limb(task / 2);
    std::fill_n(words, ring.degree, Word{0});
    add_part(engine, words, view, task % 2, task / 2, basis);
  });
  return out;
}

std::vector<ExtendedCiphertext> turn_many(Engine& engine, const Operand& a, std::span<const SwitchKey* const> keys,
                                          const std::optional<Operand>& addend) {
  const View source = view_of(a);
  std::optional<View> added;
  if (addend) added = view_of(*addend);
  if (added && (added->level != source.level || !(std::abs(added->scale - source.scale) <= 1e-9 * source.scale)))
    throw Error("FHE0801", "a rotation of level " + std::to_string(source.level) + " and scale " + std::to_string(source.scale) +
                               " with an addend of level " + std::to_string(added->level) + " and scale " + std::to_string(added->scale));
  std::vector<ExtendedCiphertext> out;
  if (keys.empty()) return out;
  const Ring& ring = engine.ring();
  const std::size_t n = ring.degree;
  const KeyBasis basis = basis_of(engine, source.level);
  std::vector<Polynomial> divided;
  if (source.extended) divided = divide_parts(engine, source.parts.subspan(1, 1), basis, false);
  const SplitPolynomial split(engine, source.extended ? divided[0] : source.parts[1], basis, keys[0]->shape().digits);
  std::vector<const std::uint32_t*> automorphisms;
  for (const SwitchKey* key : keys) {
    require_key(split, *key);
    automorphisms.push_back(engine.automorphisms().table(key->shape().element).data());
    out.push_back(make_extended(engine, source.level, source.scale));
  }
  engine.pool().for_each(basis.limb_count(), [&](std::size_t j) {
    const Limb& limb = ring.limbs[basis.ring_limb(ring, j)];
    const LiftedLimb lifted(engine, split, j);
    Polynomial scratch(engine.memory(), n, 2);
    Word* const parts[] = {scratch.limb(0), scratch.limb(1)};
    for (std::size_t k = 0; k < keys.size(); k++) {
      multiply_limb(engine, split, j, lifted.words(), *keys[k], parts);
      add_part(engine, parts[0], source, 0, j, basis);
      for (std::size_t p = 0; p < 2; p++) {
        Word* to = out[k].parts[p].limb(j);
        limb.kernel->gather(to, parts[p], automorphisms[k], n);
        if (added) add_part(engine, to, *added, p, j, basis);
      }
    }
  });
  return out;
}

Ciphertext divide(Engine& engine, const ExtendedCiphertext& a, bool rescale) {
  Ciphertext out;
  out.parts = divide_parts(engine, a.parts, basis_of(engine, a.level), rescale);
  out.level = rescale ? a.level - 1 : a.level;
  out.scale = rescale ? a.scale / static_cast<double>(engine.ring().limbs[a.level].modulus.value) : a.scale;
  return out;
}

}  // namespace fhec
