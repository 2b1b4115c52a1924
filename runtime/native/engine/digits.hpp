#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "ring.hpp"

namespace fhec {

/// The digits of hybrid key switching (Han and Ki, Better bootstrapping for approximate homomorphic encryption, CT-RSA 2020, section 3):
/// from q_0 up, as many consecutive data primes as keep the product of a digit at or below the product of the special primes; at least one
/// prime each. The same rule stands in ir/ckks/digits.ts, where the cost model counts with it.
std::vector<Digit> digits_of(std::span<const Word> data_primes, std::span<const Word> special_primes);

/// The digits that a polynomial of this level has: those up to the level, the last one cut where the level ends.
std::vector<Digit> digits_at(std::span<const Digit> digits, std::size_t level);

}  // namespace fhec
