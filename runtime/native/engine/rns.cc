#include "rns.hpp"

#include <cstring>
#include <numeric>
#include <utility>

#include "error.hpp"

namespace fhec {

namespace {

constexpr int fraction_bits = 51;

/// The product of all but the limb at `skip`, modulo q.
Word product_without(const Ring& ring, const std::vector<std::size_t>& limbs, std::size_t skip, const Modulus& q) {
  Word product = 1;
  for (std::size_t i = 0; i < limbs.size(); i++) {
    if (i != skip) product = mul_mod(product, ring.limbs[limbs[i]].modulus.value % q.value, q);
  }
  return product;
}

}  // namespace

BaseConversion::BaseConversion(const Ring& ring, std::vector<std::size_t> limbs) : ring_(&ring), limbs_(std::move(limbs)) {
  if (count() < 1 || count() > max_sources) throw Error("FHE0801", "a digit has no primes, or too many");
  for (std::size_t i = 0; i < count(); i++) {
    const Modulus& q = ring.limbs.at(limbs_[i]).modulus;
    scales_.push_back(inv_mod(product_without(ring, limbs_, i, q), q));
    bits_.push_back(q.bits);
    fractions_.push_back(static_cast<Word>((static_cast<Wide>(1) << (q.bits + fraction_bits)) / q.value));
  }
  weights_.resize((count() + 1) * ring.limbs.size());
  for (std::size_t t = 0; t < ring.limbs.size(); t++) {
    const Modulus& q = ring.limbs[t].modulus;
    Word* weights = weights_.data() + t * (count() + 1);
    for (std::size_t i = 0; i < count(); i++) weights[i] = product_without(ring, limbs_, i, q);
    const Word product = product_without(ring, limbs_, count(), q);
    weights[count()] = sub_mod(0, product, q);
    products_.push_back(product);
    inverse_products_.push_back(product == 0 ? 0 : inv_mod(product, q));
  }
}

void BaseConversion::scale(Word* words, std::size_t i) const {
  if (count() == 1) return;
  const Limb& limb = ring_->limbs[limbs_[i]];
  limb.kernel->multiply_scalar(words, words, scales_[i], ring_->degree, limb.modulus);
}

void BaseConversion::quotients(Word* out, const Word* scaled) const {
  const std::size_t n = ring_->degree;
  if (count() == 1) {
    const Word half = ring_->limbs[limbs_[0]].modulus.value >> 1;
    for (std::size_t k = 0; k < n; k++) out[k] = scaled[k] > half;
    return;
  }
  ring_->limbs[limbs_[0]].kernel->quotients(out, pointers_to(scaled).data(), fractions_.data(), bits_.data(), count(), n);
}

BaseConversion::Pointers BaseConversion::pointers_to(const Word* scaled) const noexcept {
  Pointers pointers{};
  for (std::size_t i = 0; i < count(); i++) pointers[i] = scaled + i * ring_->degree;
  return pointers;
}

void BaseConversion::convert_centred(Word* out, const Word* scaled, const Word* quotients,
                                     std::size_t target) const {
  const Limb& limb = ring_->limbs[target];
  Pointers sources = pointers_to(scaled);
  sources[count()] = quotients;
  limb.kernel->combine(out, sources.data(), weights_.data() + target * (count() + 1), count() + 1, ring_->degree, limb.modulus);
}

void BaseConversion::convert_positive(Word* out, const Word* scaled, std::size_t target) const {
  const Limb& limb = ring_->limbs[target];
  if (ring_->limbs[limbs_[0]].modulus.value <= limb.modulus.value) {
    std::memcpy(out, scaled, ring_->degree * sizeof(Word));
  } else {
    limb.kernel->reduce(out, scaled, ring_->degree, limb.modulus);
  }
}

const BaseConversion& Conversions::from(std::vector<std::size_t> limbs) {
  const std::lock_guard lock(mutex_);
  std::unique_ptr<BaseConversion>& made = made_[limbs];
  if (!made) made = std::make_unique<BaseConversion>(*ring_, std::move(limbs));
  return *made;
}

const BaseConversion& Conversions::from(std::size_t first, std::size_t count) {
  std::vector<std::size_t> limbs(count);
  std::iota(limbs.begin(), limbs.end(), first);
  return from(std::move(limbs));
}

}  // namespace fhec
