#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "key_switch.hpp"

namespace fhec {

/// One digit of a key in SEAL's file: both polynomials, or the first with a seed of 64 bytes for the second.
struct SealKeyDigit {
  std::span<const std::uint8_t> words;
  std::span<const std::uint8_t> seed;
};

/// A switching key of SEAL: digits of one prime each, one special prime. As many digits as the key has data primes q_0 .. q_level; words
/// stand modulo these and the special prime. `element`: the Galois element of a rotation's key, else 1. Throws FHE0702 for words of a wrong
/// length or not below their primes, FHE0801 for a key that the ring cannot have.
SwitchKey import_seal_key(Engine& engine, std::span<const SealKeyDigit> digits, std::uint64_t element);

}  // namespace fhec
