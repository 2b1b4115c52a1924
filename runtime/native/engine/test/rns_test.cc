#include "rns.hpp"

#include "keys.hpp"

namespace fhec::test {
namespace {

/// x modulo q for a signed x given as |x| and a sign.
Word residue(Wide magnitude, bool negative, const Modulus& q) {
  const Word r = static_cast<Word>(magnitude % q.value);
  return negative ? sub_mod(0, r, q) : r;
}

}  // namespace

TEST(rns_converts_the_centred_representative) {
  // Two primes of at most 60 bits: the product fits 120 bits and can be checked with plain integers.
  for (int trial = 0; trial < 40; trial++) {
    const int first = 30 + static_cast<int>(random_below(31));
    const int second = 30 + static_cast<int>(random_below(31));
    const std::unique_ptr<Engine> engine = random_engine({64, {first, second, 40}, {55, 50}, 1, trial % 2 == 0 ? KernelChoice::portable : KernelChoice::automatic});
    const Ring& ring = engine->ring();
    const Modulus& q0 = ring.limbs[0].modulus;
    const Modulus& q1 = ring.limbs[1].modulus;
    const Wide product = static_cast<Wide>(q0.value) * q1.value;
    const BaseConversion conversion(ring, {0, 1});
    Buffer scaled(engine->memory(), 128);
    Buffer quotients(engine->memory(), 64);
    Buffer out(engine->memory(), 64);
    std::vector<Wide> magnitudes;
    std::vector<bool> signs;
    for (std::size_t k = 0; k < 64; k++) {
      // Small ones, random ones, and those near to half of the product but for the little that the quotients may miss.
      const Wide random = (static_cast<Wide>(generator()()) << 64 | generator()()) % (product / 2 - (product >> 40));
      magnitudes.push_back(k < 8 ? k : k < 16 ? product / 2 - (product >> 45) - k : random);
      signs.push_back(random_below(2) == 1);
      scaled.data()[k] = residue(magnitudes[k], signs[k], q0);
      scaled.data()[64 + k] = residue(magnitudes[k], signs[k], q1);
    }
    conversion.scale(scaled.data(), 0);
    conversion.scale(scaled.data() + 64, 1);
    conversion.quotients(quotients.data(), scaled.data());
    for (const std::size_t target : {2, 3, 4}) {
      const Modulus& q = ring.limbs[target].modulus;
      CHECK_EQUAL(conversion.product(target), static_cast<Word>(product % q.value));
      CHECK_EQUAL(mul_mod(conversion.product(target), conversion.inverse_product(target), q), Word{1});
      conversion.convert_centred(out.data(), scaled.data(), quotients.data(), target);
      for (std::size_t k = 0; k < 64; k++) CHECK_EQUAL(out.data()[k], residue(magnitudes[k], signs[k], q));
    }
  }
}

TEST(rns_converts_one_prime_exactly) {
  const std::unique_ptr<Engine> engine = random_engine({64, {60, 36}, {60}});
  const Ring& ring = engine->ring();
  const BaseConversion& conversion = engine->conversions().from(2, 1);
  CHECK_EQUAL(&conversion, &engine->conversions().from(std::vector<std::size_t>{2}));
  const Word p = ring.limbs[2].modulus.value;
  AlignedWords words = random_words(64, p);
  words[0] = p / 2;
  words[1] = p / 2 + 1;
  AlignedWords quotients(64);
  AlignedWords out(64);
  conversion.scale(words.data(), 0);
  conversion.quotients(quotients.data(), words.data());
  for (const std::size_t target : {0, 1}) {
    const Modulus& q = ring.limbs[target].modulus;
    conversion.convert_centred(out.data(), words.data(), quotients.data(), target);
    for (std::size_t k = 0; k < 64; k++) CHECK_EQUAL(out[k], words[k] > p / 2 ? residue(p - words[k], true, q) : words[k] % q.value);
    conversion.convert_positive(out.data(), words.data(), target);
    for (std::size_t k = 0; k < 64; k++) CHECK_EQUAL(out[k], words[k] % q.value);
  }
  CHECK_THROWS("FHE0801", BaseConversion(ring, {}));
}

}  // namespace fhec::test
