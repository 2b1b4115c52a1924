#include "mod_down.hpp"

#include <cstring>

#include "engine.hpp"
#include "error.hpp"
#include "rns.hpp"

namespace fhec {

ModDown::ModDown(Engine& engine, const KeyBasis& basis, bool rescale)
    : ring_(&engine.ring()), kept_(rescale ? basis.level : basis.level + 1) {
  if (kept_ == 0) throw Error("FHE0801", "a rescale at level 0");
  for (std::size_t j = kept_; j < basis.limb_count(); j++) limbs_.push_back(basis.ring_limb(*ring_, j));
  conversion_ = &engine.conversions().from(limbs_);
}

void ModDown::prepare(Word* words, std::size_t i) const {
  const Limb& limb = ring_->limbs[limbs_[i]];
  limb.kernel->inverse(words, limb.tables);
  conversion_->scale(words, i);
}

void ModDown::quotients(Word* out, const Word* prepared) const { conversion_->quotients(out, prepared); }

void ModDown::finish(Word* out, const Word* u, const Word* prepared, const Word* quotients, std::size_t j) const {
  const Limb& limb = ring_->limbs[j];
  conversion_->convert_centred(out, prepared, quotients, j);
  limb.kernel->forward(out, limb.tables);
  limb.kernel->subtract_multiply_scalar(out, u, out, conversion_->inverse_product(j), ring_->degree, limb.modulus);
}

std::vector<Polynomial> divide_parts(Engine& engine, std::span<const Polynomial> parts, const KeyBasis& basis, bool rescale) {
  const std::size_t n = engine.ring().degree;
  const ModDown division(engine, basis, rescale);
  const std::size_t kept = division.kept();
  const std::size_t count = division.dropped();
  Rows dropped(engine.memory(), n, parts.size() * count);
  Rows quotients(engine.memory(), n, parts.size());
  engine.pool().for_each(parts.size() * count, [&](std::size_t task) {
    std::memcpy(dropped.row(task), parts[task / count].limb(kept + task % count), n * sizeof(Word));
    division.prepare(dropped.row(task), task % count);
  });
  engine.pool().for_each(parts.size(), [&](std::size_t p) { division.quotients(quotients.row(p), dropped.row(p * count)); });
  std::vector<Polynomial> out;
  for (std::size_t p = 0; p < parts.size(); p++) out.emplace_back(engine.memory(), n, kept);
  engine.pool().for_each(parts.size() * kept, [&](std::size_t task) {
    const std::size_t p = task / kept;
    const std::size_t j = task % kept;
    division.finish(out[p].limb(j), parts[p].limb(j), dropped.row(p * count), quotients.row(p), j);
  });
  return out;
}

}  // namespace fhec
