#include "secret.hpp"

#include <algorithm>

#include "error.hpp"
#include "random.hpp"

namespace fhec {

SmallSecret::~SmallSecret() { wipe(coefficients_.data(), coefficients_.size()); }

void SmallSecret::to_limb(Word* out, const Limb& limb) const {
  const Word q = limb.modulus.value;
  for (std::size_t k = 0; k < coefficients_.size(); k++) {
    const std::int64_t x = coefficients_[k];
    out[k] = static_cast<Word>(x) + (static_cast<Word>(x >> 63) & q);
  }
  limb.kernel->forward(out, limb.tables);
}

SecretWords::~SecretWords() { wipe(words_.data(), words_.words() * sizeof(Word)); }

SmallSecret ternary_secret(const Ring& ring, std::span<const std::int8_t> coefficients) {
  if (coefficients.size() != ring.degree) throw Error("FHE0702", "the secret key has another number of coefficients than the ring");
  SmallSecret secret(ring.degree);
  int other = 0;
  for (std::size_t k = 0; k < ring.degree; k++) {
    const int x = coefficients[k];
    other |= (x < -1) | (x > 1);
    secret.coefficients()[k] = static_cast<std::int8_t>(x);
  }
  if (other != 0) throw Error("FHE0702", "the secret key is not ternary");
  return secret;
}

SmallSecret ternary_secret(Memory& memory, const Ring& ring, std::span<const Word> words) {
  const Limb& limb = ring.limbs[0];
  const Word q = limb.modulus.value;
  if (words.size() != ring.degree) throw Error("FHE0702", "the secret key has another number of coefficients than the ring");
  SecretWords scratch(memory, ring.degree);
  std::copy(words.begin(), words.end(), scratch.data());
  if (std::any_of(words.begin(), words.end(), [q](Word w) { return w >= q; }))
    throw Error("FHE0702", "the secret key is not reduced modulo the first prime");
  limb.kernel->inverse(scratch.data(), limb.tables);
  SmallSecret secret(ring.degree);
  // Every coefficient takes the same steps; only a key that is none tells where it differs.
  Word other = 0;
  for (std::size_t k = 0; k < ring.degree; k++) {
    const Word x = scratch.data()[k];
    const int plus = x == 1;
    const int minus = x == q - 1;
    other |= (x != 0) & !plus & !minus;
    secret.coefficients()[k] = static_cast<std::int8_t>(plus - minus);
  }
  if (other != 0) throw Error("FHE0702", "the secret key is not ternary");
  return secret;
}

}  // namespace fhec
