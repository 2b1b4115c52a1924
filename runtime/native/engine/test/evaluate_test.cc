#include "evaluate.hpp"

#include <functional>

#include "check.hpp"
#include "keys.hpp"

namespace fhec::test {
namespace {

std::unique_ptr<Engine> small_engine(std::size_t threads = 1, KernelChoice kernel = KernelChoice::automatic) {
  return random_engine({.degree = 64, .data = {45, 30, 58, 20}, .special = {60}, .threads = threads, .kernel = kernel});
}

/// One limb out of transform form.
std::vector<Word> natural(Engine& engine, const Polynomial& a, std::size_t i) {
  const Limb& limb = engine.ring().limbs[i];
  AlignedWords words(engine.ring().degree);
  std::copy_n(a.limb(i), words.size(), words.begin());
  limb.kernel->inverse(words.data(), limb.tables);
  return {words.begin(), words.end()};
}

/// a b modulo X^N + 1 and q, by the definition.
std::vector<Word> product(const std::vector<Word>& a, const std::vector<Word>& b, const Modulus& q) {
  const std::size_t n = a.size();
  std::vector<Word> out(n, 0);
  for (std::size_t i = 0; i < n; i++) {
    for (std::size_t j = 0; j < n; j++) {
      const Word term = mul_mod(a[i], b[j], q);
      Word& to = out[(i + j) % n];
      to = i + j < n ? add_mod(to, term, q) : sub_mod(to, term, q);
    }
  }
  return out;
}

/// a(X^element).
std::vector<Word> substituted(const std::vector<Word>& a, std::uint64_t element, const Modulus& q) {
  const std::size_t n = a.size();
  std::vector<Word> out(n);
  for (std::size_t k = 0; k < n; k++) {
    const std::size_t place = k * element % (2 * n);
    out[place % n] = place < n ? a[k] : sub_mod(0, a[k], q);
  }
  return out;
}

/// Calls check(limb index, modulus) for every limb of a level.
void for_limbs(Engine& engine, std::size_t level, const std::function<void(std::size_t, const Modulus&)>& check) {
  for (std::size_t i = 0; i <= level; i++) check(i, engine.ring().limbs[i].modulus);
}

}  // namespace

TEST(evaluate_multiplies_polynomials) {
  const auto engine = small_engine();
  const Ciphertext a = random_ciphertext(*engine, 2, 3);
  const Ciphertext b = random_ciphertext(*engine, 2, 3);
  const Ciphertext ab = multiply(*engine, a, b);
  const Ciphertext aa = multiply(*engine, a, a);
  const Polynomial words = random_polynomial(*engine, 3);
  const Plaintext p = plaintext_of(*engine, words, 3);
  const Ciphertext ap = multiply_plain(*engine, a, p);
  CHECK_EQUAL(ab.parts.size(), std::size_t{3});
  for_limbs(*engine, 3, [&](std::size_t i, const Modulus& q) {
    const auto a0 = natural(*engine, a.parts[0], i), a1 = natural(*engine, a.parts[1], i);
    const auto b0 = natural(*engine, b.parts[0], i), b1 = natural(*engine, b.parts[1], i);
    CHECK(natural(*engine, ab.parts[0], i) == product(a0, b0, q));
    CHECK(natural(*engine, ab.parts[2], i) == product(a1, b1, q));
    const auto left = product(a0, b1, q), right = product(a1, b0, q), square = product(a0, a1, q);
    const auto middle = natural(*engine, ab.parts[1], i), doubled = natural(*engine, aa.parts[1], i);
    for (std::size_t k = 0; k < middle.size(); k++) {
      CHECK_EQUAL(middle[k], add_mod(left[k], right[k], q));
      CHECK_EQUAL(doubled[k], add_mod(square[k], square[k], q));
    }
    CHECK(natural(*engine, ap.parts[1], i) == product(a1, natural(*engine, words, i), q));
  });
}

TEST(evaluate_adds_ciphertexts_of_different_sizes) {
  const auto engine = small_engine(2);
  const Ciphertext a = random_ciphertext(*engine, 3, 2);
  const Ciphertext b = random_ciphertext(*engine, 2, 2);
  const Ciphertext sum = add(*engine, b, a);
  const Ciphertext difference = subtract(*engine, b, a);
  const Ciphertext negated = negate(*engine, a);
  const Polynomial words = random_polynomial(*engine, 2);
  const Plaintext p = plaintext_of(*engine, words, 2);
  const Ciphertext shifted = add_plain(*engine, a, p);
  for_limbs(*engine, 2, [&](std::size_t i, const Modulus& q) {
    for (std::size_t part = 0; part < 3; part++) {
      for (std::size_t k = 0; k < 64; k++) {
        const Word x = part < 2 ? b.parts[part].limb(i)[k] : 0;
        const Word y = a.parts[part].limb(i)[k];
        CHECK_EQUAL(sum.parts[part].limb(i)[k], add_mod(x, y, q));
        CHECK_EQUAL(difference.parts[part].limb(i)[k], sub_mod(x, y, q));
        CHECK_EQUAL(negated.parts[part].limb(i)[k], sub_mod(0, y, q));
        CHECK_EQUAL(shifted.parts[part].limb(i)[k], part == 0 ? add_mod(y, words.limb(i)[k], q) : y);
      }
    }
  });
}

TEST(evaluate_takes_constant_plaintexts_as_full_ones) {
  const auto engine = small_engine();
  const Ciphertext a = random_ciphertext(*engine, 3, 3);
  Plaintext constant;
  Polynomial equal(engine->memory(), 64, 4);
  constant.level = 3;
  for_limbs(*engine, 3, [&](std::size_t i, const Modulus& q) {
    constant.constants.push_back(random_below(q.value));
    std::fill_n(equal.limb(i), 64, constant.constants.back());
  });
  const Plaintext full = plaintext_of(*engine, equal, 3);
  CHECK(words_of(*engine, multiply_plain(*engine, a, constant)) == words_of(*engine, multiply_plain(*engine, a, full)));
  CHECK(words_of(*engine, add_plain(*engine, a, constant)) == words_of(*engine, add_plain(*engine, a, full)));
}

TEST(evaluate_rescales_by_rounded_division) {
  const auto engine = random_engine({.degree = 64, .data = {30, 28, 26}, .special = {}});
  Ciphertext a = random_ciphertext(*engine, 3, 1);
  a.scale = 0x1p40;
  const Ciphertext out = rescale(*engine, a);
  const Word q0 = engine->ring().limbs[0].modulus.value, q1 = engine->ring().limbs[1].modulus.value;
  CHECK_EQUAL(out.level, std::size_t{0});
  CHECK_EQUAL(out.scale, 0x1p40 / static_cast<double>(q1));
  const Modulus& m0 = engine->ring().limbs[0].modulus;
  for (std::size_t part = 0; part < 3; part++) {
    const auto x0 = natural(*engine, a.parts[part], 0), x1 = natural(*engine, a.parts[part], 1);
    const auto y = natural(*engine, out.parts[part], 0);
    for (std::size_t k = 0; k < 64; k++) {
      // The integer below q_0 q_1 with these residues, divided and rounded.
      const Word steps = mul_mod(sub_mod(x0[k], x1[k] % q0, m0), inv_mod(q1 % q0, m0), m0);
      const Wide whole = static_cast<Wide>(steps) * q1 + x1[k];
      CHECK_EQUAL(y[k], static_cast<Word>((whole + q1 / 2) / q1 % q0));
    }
  }
  CHECK_THROWS("FHE0801", rescale(*engine, out));
}

TEST(evaluate_substitutes_powers) {
  const auto engine = small_engine();
  const Ciphertext a = random_ciphertext(*engine, 2, 3);
  for (const std::uint64_t element : {1, 3, 5, 127}) {
    const Ciphertext out = apply_automorphism(*engine, a, element);
    for_limbs(*engine, 3, [&](std::size_t i, const Modulus& q) {
      for (std::size_t part = 0; part < 2; part++)
        CHECK(natural(*engine, out.parts[part], i) == substituted(natural(*engine, a.parts[part], i), element, q));
    });
  }
  CHECK_THROWS("FHE0801", apply_automorphism(*engine, a, 2));
  CHECK_THROWS("FHE0801", apply_automorphism(*engine, a, 129));
  CHECK_EQUAL(galois_element(0, 64), std::uint64_t{1});
  CHECK_EQUAL(galois_element(5, 64), std::uint64_t{243 % 128});
  CHECK_EQUAL(galois_element(-1, 64), galois_element(31, 64));
  CHECK_EQUAL(galois_element(-65, 64) * 3 % 128, galois_element(32, 64));
}

TEST(evaluate_multiplies_by_the_monomial_of_half_the_degree) {
  const auto engine = small_engine();
  const Ciphertext a = random_ciphertext(*engine, 2, 3);
  const Ciphertext out = multiply_by_i(*engine, a);
  for_limbs(*engine, 3, [&](std::size_t i, const Modulus& q) {
    const auto x = natural(*engine, a.parts[1], i), y = natural(*engine, out.parts[1], i);
    for (std::size_t k = 0; k < 64; k++) CHECK_EQUAL(y[k], k < 32 ? sub_mod(0, x[k + 32], q) : x[k - 32]);
  });
}

TEST(evaluate_raises_the_modulus_of_centred_coefficients) {
  for (const KernelChoice kernel : {KernelChoice::automatic, KernelChoice::portable}) {
    const auto engine = small_engine(2, kernel);
    const Ciphertext a = random_ciphertext(*engine, 2, 0);
    const Ciphertext out = mod_raise(*engine, a, 3);
    CHECK_EQUAL(out.level, std::size_t{3});
    const Word q0 = engine->ring().limbs[0].modulus.value;
    for_limbs(*engine, 3, [&](std::size_t i, const Modulus& q) {
      for (std::size_t part = 0; part < 2; part++) {
        const auto x = natural(*engine, a.parts[part], 0), y = natural(*engine, out.parts[part], i);
        for (std::size_t k = 0; k < 64; k++)
          CHECK_EQUAL(y[k], x[k] > q0 / 2 ? sub_mod(0, (q0 - x[k]) % q.value, q) : x[k] % q.value);
      }
    });
    CHECK_THROWS("FHE0801", mod_raise(*engine, a, 4));
    CHECK_THROWS("FHE0801", mod_raise(*engine, out, 3));
  }
}

TEST(evaluate_drops_primes) {
  const auto engine = small_engine();
  const Ciphertext a = random_ciphertext(*engine, 2, 3);
  const Ciphertext out = mod_drop(*engine, a, 1);
  CHECK_EQUAL(out.level, std::size_t{1});
  CHECK_EQUAL(out.parts[1].limb_count(), std::size_t{2});
  for (std::size_t i = 0; i < 2; i++) CHECK(std::equal(out.parts[1].limb(i), out.parts[1].limb(i) + 64, a.parts[1].limb(i)));
  CHECK_THROWS("FHE0801", mod_drop(*engine, out, 2));
}

TEST(evaluate_refuses_operands_that_do_not_fit) {
  const auto engine = small_engine();
  const Ciphertext a = random_ciphertext(*engine, 2, 3);
  const Ciphertext three = random_ciphertext(*engine, 3, 3);
  const Ciphertext low = random_ciphertext(*engine, 2, 2);
  Ciphertext scaled = random_ciphertext(*engine, 2, 3);
  scaled.scale = 2;
  const Plaintext p = plaintext_of(*engine, random_polynomial(*engine, 2), 2);
  CHECK_THROWS("FHE0801", add(*engine, a, low));
  CHECK_THROWS("FHE0801", subtract(*engine, a, low));
  CHECK_THROWS("FHE0801", add(*engine, a, scaled));
  CHECK_THROWS("FHE0801", multiply(*engine, a, low));
  CHECK_THROWS("FHE0801", multiply(*engine, a, three));
  CHECK_THROWS("FHE0801", multiply_plain(*engine, a, p));
  CHECK_THROWS("FHE0801", add_plain(*engine, a, p));
  CHECK_EQUAL(engine->ciphertexts.size(), std::size_t{0});
}

}  // namespace fhec::test
