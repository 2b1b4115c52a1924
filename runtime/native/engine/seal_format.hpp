#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "modulus.hpp"

namespace fhec {

// What stands in SEAL's files beside words (SEAL 4.1, native/src/seal).

/// SEAL's name of a modulus: BLAKE2b of scheme, degree, primes and plaintext modulus (encryptionparams.cpp, compute_parms_id).
std::array<std::uint8_t, 32> seal_modulus_id(std::size_t degree, std::span<const Word> primes);

using SealSeed = std::span<const std::uint8_t, 64>;

/// The uniform polynomial modulo these primes that SEAL writes as a seed of its BLAKE2Xb generator (randomgen.cpp; rlwe.cpp,
/// sample_poly_uniform): N words for each prime.
void expand_seal_seed(Word* out, std::size_t degree, std::span<const Word> primes, SealSeed seed);

}  // namespace fhec
