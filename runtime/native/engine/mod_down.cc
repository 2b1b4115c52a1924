#include "mod_down.hpp"

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

Polynomial mod_down(Engine& engine, Polynomial&& u, const KeyBasis& basis, bool rescale) {
  const std::size_t n = engine.ring().degree;
  const ModDown division(engine, basis, rescale);
  const std::size_t kept = division.kept();
  engine.pool().for_each(division.dropped(), [&](std::size_t i) { division.prepare(u.limb(kept + i), i); });
  Polynomial quotients(engine.memory(), n, 1);
  division.quotients(quotients.limb(0), u.limb(kept));
  Polynomial out(engine.memory(), n, kept);
  engine.pool().for_each(
      kept, [&](std::size_t j) { division.finish(out.limb(j), u.limb(j), u.limb(kept), quotients.limb(0), j); });
  return out;
}

}  // namespace fhec
