#include "key_maker.hpp"

#include <utility>
#include <vector>

#include "engine.hpp"
#include "rotation.hpp"

namespace fhec {

SeededKey KeyMaker::make(const SecretLimb& from, const SecretLimb& to, KeyBasis basis) const {
  Engine& engine = *engine_;
  const Ring& ring = engine.ring();
  const std::size_t n = ring.degree;
  SeededKey out;
  out.seed = system_seed();
  out.shape = key_shape(ring, basis);
  const std::vector<Digit>& digits = out.shape.digits;
  out.b = Polynomial(engine.memory(), n, digits.size() * basis.limb_count());

  Seed error_seed = system_seed();
  std::vector<SmallSecret> errors;
  for (std::size_t d = 0; d < digits.size(); d++) {
    ChaCha20 stream(error_seed, {static_cast<std::uint32_t>(d), 0, 1});
    errors.emplace_back(n);
    sample_gaussian(errors.back().coefficients(), stream);
  }
  wipe(error_seed.data(), error_seed.size());

  const BaseConversion& p = engine.conversions().from(ring.data_count, basis.special_count);
  engine.pool().for_each(basis.limb_count(), [&](std::size_t j) {
    const std::size_t ring_limb = basis.ring_limb(ring, j);
    const Limb& limb = ring.limbs[ring_limb];
    const Kernel& kernel = *limb.kernel;
    SecretWords source(engine.memory(), n);
    SecretWords target(engine.memory(), n);
    SecretWords error(engine.memory(), n);
    Polynomial uniform(engine.memory(), n, 1);
    from(source.data(), ring_limb);
    to(target.data(), ring_limb);
    for (std::size_t d = 0; d < digits.size(); d++) {
      const Digit& digit = digits[d];
      Word* b = out.b.limb(d * basis.limb_count() + j);
      expand_seed(uniform.limb(0), out.seed, d, j, ring, basis);
      errors[d].to_limb(error.data(), limb);
      kernel.multiply_add(error.data(), uniform.limb(0), target.data(), n, limb.modulus);
      if (j >= digit.first && j < digit.first + digit.count) {
        kernel.multiply_scalar(b, source.data(), p.product(ring_limb), n, limb.modulus);
        kernel.subtract(b, b, error.data(), n, limb.modulus);
      } else {
        kernel.negate(b, error.data(), n, limb.modulus);
      }
    }
  });
  return out;
}

SeededKey KeyMaker::relinearization(std::size_t level) const {
  const Ring& ring = engine_->ring();
  const SecretLimb square = [&](Word* out, std::size_t i) {
    secret_.to_limb(out, ring.limbs[i]);
    ring.limbs[i].kernel->multiply(out, out, out, ring.degree, ring.limbs[i].modulus);
  };
  const SecretLimb same = [&](Word* out, std::size_t i) { secret_.to_limb(out, ring.limbs[i]); };
  return make(square, same, {level, ring.special_count});
}

SeededKey KeyMaker::galois(std::uint64_t element, std::size_t level) const {
  const Ring& ring = engine_->ring();
  // Refuses an element that is none.
  engine_->automorphisms().table(element);
  const std::vector<std::uint32_t>& back = engine_->automorphisms().table(inverse_element(element, ring.degree));
  const SecretLimb same = [&](Word* out, std::size_t i) { secret_.to_limb(out, ring.limbs[i]); };
  const SecretLimb rotated_back = [&](Word* out, std::size_t i) {
    SecretWords straight(engine_->memory(), ring.degree);
    secret_.to_limb(straight.data(), ring.limbs[i]);
    ring.limbs[i].kernel->gather(out, straight.data(), back.data(), ring.degree);
  };
  SeededKey out = make(same, rotated_back, {level, ring.special_count});
  out.shape.element = element;
  return out;
}

SeededKey KeyMaker::to_sparse(const SmallSecret& sparse) const {
  const Ring& ring = engine_->ring();
  return make([&](Word* out, std::size_t i) { secret_.to_limb(out, ring.limbs[i]); },
              [&](Word* out, std::size_t i) { sparse.to_limb(out, ring.limbs[i]); }, {0, 1});
}

SeededKey KeyMaker::to_dense(const SmallSecret& sparse, std::size_t level) const {
  const Ring& ring = engine_->ring();
  return make([&](Word* out, std::size_t i) { sparse.to_limb(out, ring.limbs[i]); },
              [&](Word* out, std::size_t i) { secret_.to_limb(out, ring.limbs[i]); }, {level, ring.special_count});
}

SmallSecret KeyMaker::sparse_secret(std::size_t weight) const {
  SmallSecret sparse(engine_->ring().degree);
  Seed seed = system_seed();
  ChaCha20 stream(seed, {0, 0, 2});
  wipe(seed.data(), seed.size());
  sample_sparse_ternary(sparse.coefficients(), weight, stream);
  return sparse;
}

}  // namespace fhec
