#include "modulus.hpp"

#include "check.hpp"
#include "limbs.hpp"

namespace fhec::test {

TEST(is_prime_against_trial_division) {
  for (Word value = 0; value < 20000; ++value) {
    bool expected = value >= 2;
    for (Word divisor = 2; divisor * divisor <= value; ++divisor) expected = expected && value % divisor != 0;
    CHECK_EQUAL(is_prime(value), expected);
  }
  CHECK(is_prime((Word{1} << 61) - 1));
  // A product of two primes that single bases take for a prime.
  CHECK(!is_prime(3215031751));
}

TEST(modulus_refuses_what_is_no_odd_prime_below_2_to_61) {
  for (const Word value : {Word{0}, Word{1}, Word{2}, Word{91}, Word{1} << 61, (Word{1} << 61) + 15}) {
    CHECK_THROWS("FHE0801", Modulus(value));
  }
}

TEST(scalar_arithmetic_against_division) {
  for (const int bits : prime_widths()) {
    const Modulus q(random_prime(bits, 8));
    CHECK_EQUAL(q.bits, bits);
    for (int round = 0; round < 1000; ++round) {
      const AlignedWords words = random_words(2, q.value);
      const Word a = words[0];
      const Word b = words[1];
      CHECK_EQUAL(add_mod(a, b, q), static_cast<Word>((static_cast<Wide>(a) + b) % q.value));
      CHECK_EQUAL(add_mod(sub_mod(a, b, q), b, q), a);
      CHECK_EQUAL(mul_mod(a, b, q), static_cast<Word>(static_cast<Wide>(a) * b % q.value));
      CHECK_EQUAL(shoup_quotient(a, q), static_cast<Word>((static_cast<Wide>(a) << 64) / q.value));
      const Wide wide = static_cast<Wide>(generator()()) << 64 | generator()();
      CHECK_EQUAL(reduce_wide(wide, q), static_cast<Word>(wide % q.value));
      if (a != 0) CHECK_EQUAL(mul_mod(a, inv_mod(a, q), q), Word{1});
    }
    CHECK_EQUAL(reduce_wide(~static_cast<Wide>(0), q), static_cast<Word>(~static_cast<Wide>(0) % q.value));
    CHECK_EQUAL(pow_mod(3, q.value - 1, q), Word{1});
    CHECK_EQUAL(pow_mod(3, 5, q), Word{243});
  }
}

}  // namespace fhec::test
