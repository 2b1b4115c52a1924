#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "ring.hpp"

namespace fhec {

// What stands in SEAL's files beside words (SEAL 4.1, native/src/seal).

/// SEAL's name of the modulus that is the product of the first `limbs` limbs of the ring: BLAKE2b of scheme, degree, primes and plaintext
/// modulus (encryptionparams.cpp, compute_parms_id).
std::array<std::uint8_t, 32> seal_modulus_id(const Ring& ring, std::size_t limbs);

using SealSeed = std::span<const std::uint8_t, 64>;

/// The uniform polynomial modulo the first `limbs` limbs of the ring that SEAL writes as a seed of its BLAKE2Xb generator (randomgen.cpp; rlwe.cpp, sample_poly_uniform):
/// limbs * N words.
void expand_seal_seed(Word* out, const Ring& ring, std::size_t limbs, SealSeed seed);

}  // namespace fhec
