#include "modulus.hpp"

#include <bit>
#include <string>

#include "error.hpp"

namespace fhec {
namespace {

Word power(Word base, Word exponent, Word modulus) noexcept {
  Word result = 1 % modulus;
  for (base %= modulus; exponent != 0; exponent >>= 1) {
    if (exponent & 1) result = static_cast<Word>(static_cast<Wide>(result) * base % modulus);
    base = static_cast<Word>(static_cast<Wide>(base) * base % modulus);
  }
  return result;
}

/// One round of Miller-Rabin for an odd value above 2.
bool passes_round(Word value, Word base) noexcept {
  base %= value;
  if (base == 0) return true;
  const int twos = std::countr_zero(value - 1);
  Word x = power(base, (value - 1) >> twos, value);
  if (x == 1 || x == value - 1) return true;
  for (int i = 1; i < twos; ++i) {
    x = static_cast<Word>(static_cast<Wide>(x) * x % value);
    if (x == value - 1) return true;
  }
  return false;
}

}  // namespace

bool is_prime(Word value) noexcept {
  if (value < 2) return false;
  if (value % 2 == 0) return value == 2;
  // The first twelve primes decide every value below 3.3 10^24 (Sorenson and Webster, 2015).
  for (const Word base : {2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37}) {
    if (!passes_round(value, base)) return false;
  }
  return true;
}

Modulus::Modulus(Word prime) : value(prime), bits(static_cast<int>(std::bit_width(prime))) {
  if (bits > 61 || prime == 2 || !is_prime(prime)) {
    throw Error("FHE0801", "The modulus " + std::to_string(prime) + " is not an odd prime below 2^61.");
  }
  const Wide all = ~static_cast<Wide>(0) / prime;
  ratio[0] = static_cast<Word>(all);
  ratio[1] = static_cast<Word>(all >> 64);
}

Word add_mod(Word a, Word b, const Modulus& q) noexcept {
  const Word sum = a + b;
  return sum >= q.value ? sum - q.value : sum;
}

Word sub_mod(Word a, Word b, const Modulus& q) noexcept { return a >= b ? a - b : a + q.value - b; }

Word mul_mod(Word a, Word b, const Modulus& q) noexcept {
  return reduce_wide(static_cast<Wide>(a) * b, q);
}

Word pow_mod(Word base, Word exponent, const Modulus& q) noexcept { return power(base, exponent, q.value); }

Word inv_mod(Word a, const Modulus& q) noexcept { return pow_mod(a, q.value - 2, q); }

Word shoup_quotient(Word factor, const Modulus& q) noexcept {
  const Word quotient = barrett_quotient(static_cast<Wide>(factor) << 64, q);
  // The low word of factor 2^64 is zero.
  return 0 - quotient * q.value >= q.value ? quotient + 1 : quotient;
}

}  // namespace fhec
