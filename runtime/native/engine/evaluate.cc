#include "evaluate.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "error.hpp"

namespace fhec {
namespace {

[[noreturn]] void refuse(const std::string& reason) { throw Error("FHE0801", reason); }

/// Below this many words a loop over limbs takes less time than waking threads.
constexpr std::size_t worth_sharing = 16384;

void for_limbs(Engine& engine, std::size_t count, const std::function<void(std::size_t)>& body) {
  if (count * engine.ring().degree >= worth_sharing) return engine.pool().for_each(count, body);
  for (std::size_t i = 0; i < count; i++) body(i);
}

Ciphertext make_ciphertext(Engine& engine, std::size_t parts, std::size_t level, double scale) {
  Ciphertext made;
  made.level = level;
  made.scale = scale;
  made.parts.reserve(parts);
  for (std::size_t p = 0; p < parts; p++) made.parts.emplace_back(engine.memory(), engine.ring().degree, level + 1);
  return made;
}

/// Calls body(part, limb index, limb, n) for all parts and limbs of a ciphertext.
template <class Body>
void each_limb(Engine& engine, const Ciphertext& like, const Body& body) {
  const Ring& ring = engine.ring();
  const std::size_t limbs = like.level + 1;
  for_limbs(engine, like.parts.size() * limbs,
            [&](std::size_t at) { body(at / limbs, at % limbs, ring.limbs[at % limbs], ring.degree); });
}

void require_same_level(std::size_t a, std::size_t b) {
  if (a != b) refuse("operands at levels " + std::to_string(a) + " and " + std::to_string(b));
}

/// Scales are products and quotients of doubles: equal ones differ by rounding.
void require_same_scale(double a, double b) {
  if (!(std::abs(a - b) <= 1e-9 * a)) refuse("operands of scales " + std::to_string(a) + " and " + std::to_string(b));
}

/// All words of one limb of a plaintext.
Buffer words_of(Engine& engine, const Plaintext& p, std::size_t i) {
  Buffer words(engine.memory(), engine.ring().degree);
  p.get(i, 0, engine.ring().degree, words.data());
  return words;
}

using Pointwise = void (*)(Word*, const Word*, const Word*, std::size_t, const Modulus&);

/// The longer operand's further parts are copied, or negated where they stand on the right of a difference.
Ciphertext sum(Engine& engine, const Ciphertext& a, const Ciphertext& b, Pointwise Kernel::* operation) {
  require_sum(a, b);
  Ciphertext out = make_ciphertext(engine, std::max(a.parts.size(), b.parts.size()), a.level, a.scale);
  each_limb(engine, out, [&](std::size_t p, std::size_t i, const Limb& limb, std::size_t n) {
    Word* to = out.parts[p].limb(i);
    if (p < a.parts.size() && p < b.parts.size())
      (limb.kernel->*operation)(to, a.parts[p].limb(i), b.parts[p].limb(i), n, limb.modulus);
    else if (p < a.parts.size())
      std::copy_n(a.parts[p].limb(i), n, to);
    else if (operation == &Kernel::subtract)
      limb.kernel->negate(to, b.parts[p].limb(i), n, limb.modulus);
    else
      std::copy_n(b.parts[p].limb(i), n, to);
  });
  return out;
}

void add_constant(Word* out, const Word* a, Word constant, std::size_t n, const Modulus& q) {
  const Word value = q.value;
  // The smaller of sum and sum - q is the reduced one: the difference wraps around when the sum is below q.
  for (std::size_t j = 0; j < n; j++) out[j] = std::min(a[j] + constant, a[j] + constant - value);
}

/// Words below `from` that stand for residues plus half of `from`, as the centred residues modulo another prime, in transform form. Both
/// summands of the shift are below 2^61, so one reduction serves.
void lift_centred(Word* out, const Word* shifted, std::size_t n, Word half, const Limb& to) {
  const Word shift = to.modulus.value - half % to.modulus.value;
  for (std::size_t j = 0; j < n; j++) out[j] = shifted[j] + shift;
  to.kernel->reduce(out, out, n, to.modulus);
  to.kernel->forward(out, to.tables);
}

/// One limb of each part out of transform form, plus half of its prime: what lift_centred takes.
std::vector<Buffer> shifted_limbs(Engine& engine, const Ciphertext& a, std::size_t index) {
  const Limb& limb = engine.ring().limbs[index];
  const std::size_t n = engine.ring().degree;
  std::vector<Buffer> shifted;
  for (std::size_t p = 0; p < a.parts.size(); p++) shifted.emplace_back(engine.memory(), n);
  for_limbs(engine, a.parts.size(), [&](std::size_t p) {
    Word* words = shifted[p].data();
    std::copy_n(a.parts[p].limb(index), n, words);
    limb.kernel->inverse(words, limb.tables);
    add_constant(words, words, limb.modulus.value / 2, n, limb.modulus);
  });
  return shifted;
}

}  // namespace

void require_sum(const Ciphertext& a, const Ciphertext& b) {
  require_same_level(a.level, b.level);
  require_same_scale(a.scale, b.scale);
}

Ciphertext add(Engine& engine, const Ciphertext& a, const Ciphertext& b) { return sum(engine, a, b, &Kernel::add); }

Ciphertext subtract(Engine& engine, const Ciphertext& a, const Ciphertext& b) {
  return sum(engine, a, b, &Kernel::subtract);
}

Ciphertext negate(Engine& engine, const Ciphertext& a) {
  Ciphertext out = make_ciphertext(engine, a.parts.size(), a.level, a.scale);
  each_limb(engine, out, [&](std::size_t p, std::size_t i, const Limb& limb, std::size_t n) {
    limb.kernel->negate(out.parts[p].limb(i), a.parts[p].limb(i), n, limb.modulus);
  });
  return out;
}

Ciphertext multiply(Engine& engine, const Ciphertext& a, const Ciphertext& b) {
  require_same_level(a.level, b.level);
  if (a.parts.size() != 2 || b.parts.size() != 2) refuse("a product of ciphertexts that are not relinearized");
  const Ring& ring = engine.ring();
  Ciphertext out = make_ciphertext(engine, 3, a.level, a.scale * b.scale);
  for_limbs(engine, a.level + 1, [&](std::size_t i) {
    const auto& [modulus, tables, kernel] = ring.limbs[i];
    const std::size_t n = ring.degree;
    kernel->multiply(out.parts[0].limb(i), a.parts[0].limb(i), b.parts[0].limb(i), n, modulus);
    kernel->multiply(out.parts[2].limb(i), a.parts[1].limb(i), b.parts[1].limb(i), n, modulus);
    Word* middle = out.parts[1].limb(i);
    kernel->multiply(middle, a.parts[0].limb(i), b.parts[1].limb(i), n, modulus);
    if (&a == &b)
      kernel->add(middle, middle, middle, n, modulus);
    else
      kernel->multiply_add(middle, a.parts[1].limb(i), b.parts[0].limb(i), n, modulus);
  });
  return out;
}

Ciphertext add_plain(Engine& engine, const Ciphertext& a, const Plaintext& p) {
  require_same_level(a.level, p.level);
  require_same_scale(a.scale, p.scale);
  Ciphertext out = make_ciphertext(engine, a.parts.size(), a.level, a.scale);
  each_limb(engine, out, [&](std::size_t part, std::size_t i, const Limb& limb, std::size_t n) {
    Word* to = out.parts[part].limb(i);
    const Word* from = a.parts[part].limb(i);
    if (part > 0)
      std::copy_n(from, n, to);
    else if (p.constants.empty())
      limb.kernel->add(to, from, words_of(engine, p, i).data(), n, limb.modulus);
    else
      add_constant(to, from, p.constants[i], n, limb.modulus);
  });
  return out;
}

Ciphertext multiply_plain(Engine& engine, const Ciphertext& a, const Plaintext& p) {
  require_same_level(a.level, p.level);
  Ciphertext out = make_ciphertext(engine, a.parts.size(), a.level, a.scale * p.scale);
  each_limb(engine, out, [&](std::size_t part, std::size_t i, const Limb& limb, std::size_t n) {
    Word* to = out.parts[part].limb(i);
    const Word* from = a.parts[part].limb(i);
    if (p.constants.empty())
      limb.kernel->multiply(to, from, words_of(engine, p, i).data(), n, limb.modulus);
    else
      limb.kernel->multiply_scalar(to, from, p.constants[i], n, limb.modulus);
  });
  return out;
}

Ciphertext rescale(Engine& engine, const Ciphertext& a) {
  if (a.level == 0) refuse("a rescale at level 0");
  const Ring& ring = engine.ring();
  const Modulus& last = ring.limbs[a.level].modulus;
  const std::vector<Buffer> shifted = shifted_limbs(engine, a, a.level);
  Ciphertext out = make_ciphertext(engine, a.parts.size(), a.level - 1, a.scale / static_cast<double>(last.value));
  each_limb(engine, out, [&](std::size_t p, std::size_t i, const Limb& limb, std::size_t n) {
    Word* to = out.parts[p].limb(i);
    lift_centred(to, shifted[p].data(), n, last.value / 2, limb);
    const Word inverse = inv_mod(last.value % limb.modulus.value, limb.modulus);
    limb.kernel->subtract_multiply_scalar(to, a.parts[p].limb(i), to, inverse, n, limb.modulus);
  });
  return out;
}

Ciphertext mod_drop(Engine& engine, const Ciphertext& a, std::size_t level) {
  if (level > a.level) refuse("a switch from level " + std::to_string(a.level) + " up to " + std::to_string(level));
  Ciphertext out = make_ciphertext(engine, a.parts.size(), level, a.scale);
  each_limb(engine, out, [&](std::size_t p, std::size_t i, const Limb&, std::size_t n) {
    std::copy_n(a.parts[p].limb(i), n, out.parts[p].limb(i));
  });
  return out;
}

Ciphertext apply_automorphism(Engine& engine, const Ciphertext& a, std::uint64_t element) {
  const std::vector<std::uint32_t>& table = engine.automorphisms().table(element);
  Ciphertext out = make_ciphertext(engine, a.parts.size(), a.level, a.scale);
  each_limb(engine, out, [&](std::size_t p, std::size_t i, const Limb& limb, std::size_t n) {
    limb.kernel->gather(out.parts[p].limb(i), a.parts[p].limb(i), table.data(), n);
  });
  return out;
}

Ciphertext multiply_by_i(Engine& engine, const Ciphertext& a) {
  Ciphertext out = make_ciphertext(engine, a.parts.size(), a.level, a.scale);
  each_limb(engine, out, [&](std::size_t p, std::size_t i, const Limb& limb, std::size_t n) {
    // Word j is the value at an odd power of the root that is 1 modulo 4 in the first half of the words and 3 in the second; X^(N/2) is
    // there a root of -1 and its negative.
    const Word unit = pow_mod(limb.tables.root, n / 2, limb.modulus);
    const Word* from = a.parts[p].limb(i);
    Word* to = out.parts[p].limb(i);
    limb.kernel->multiply_scalar(to, from, unit, n / 2, limb.modulus);
    limb.kernel->multiply_scalar(to + n / 2, from + n / 2, limb.modulus.value - unit, n / 2, limb.modulus);
  });
  return out;
}

Ciphertext mod_raise(Engine& engine, const Ciphertext& a, std::size_t level) {
  if (a.level != 0) refuse("a modulus raised from level " + std::to_string(a.level) + ", not 0");
  if (level >= engine.ring().data_count) refuse("level " + std::to_string(level) + " is beyond the modulus chain");
  const Word half = engine.ring().limbs[0].modulus.value / 2;
  const std::vector<Buffer> shifted = shifted_limbs(engine, a, 0);
  Ciphertext out = make_ciphertext(engine, a.parts.size(), level, a.scale);
  each_limb(engine, out, [&](std::size_t p, std::size_t i, const Limb& limb, std::size_t n) {
    if (i == 0)
      std::copy_n(a.parts[p].limb(0), n, out.parts[p].limb(0));
    else
      lift_centred(out.parts[p].limb(i), shifted[p].data(), n, half, limb);
  });
  return out;
}

}  // namespace fhec
