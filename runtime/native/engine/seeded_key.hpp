#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "key_switch.hpp"
#include "random.hpp"

namespace fhec {

/// A key as it is made and sent: the b halves, and a seed in place of the a halves.
struct SeededKey {
  KeyShape shape;
  Seed seed{};
  /// Digit d modulo limb j of the basis is limb d * limb_count + j, in transform form.
  Polynomial b;
};

/// The shape of every key of this basis. Throws FHE0801 for a level that the ring lacks, and for no or too many special
/// primes.
KeyShape key_shape(const Ring& ring, KeyBasis basis);

/// The a half of digit d modulo limb j of the basis: uniform, of the key stream of ChaCha20 with the nonce (d, j, 0).
void expand_seed(Word* out, const Seed& seed, std::size_t d, std::size_t j, const Ring& ring, const KeyBasis& basis);

/// The whole key, ready for use. With the same seed and shape it is the same on every machine.
SwitchKey expand(Engine& engine, const SeededKey& seeded);

// A seeded key as bytes, little-endian:
//
//   0   4 bytes   "FSK1"
//   4   u32       N
//   8   u32       level
//   12  u32       number of special primes
//   16  u64       Galois element, or 1
//   24  32 bytes  name of the modulus q_0 .. q_level p_0 .. (seal_modulus_id)
//   56  32 bytes  seed
//   88            b halves: digit by digit, limb by limb, N words at the width of their prime (Modulus::bits), lowest
//                 bits first
//
// The digits follow from the primes (digits_of).

/// How many bytes a key of this shape takes so.
std::size_t seeded_key_bytes(const Ring& ring, const KeyShape& shape);

/// `out` has seeded_key_bytes bytes.
void write_seeded_key(Engine& engine, const SeededKey& key, std::span<std::uint8_t> out);

/// The whole key. Throws FHE0702 for anything that is not such bytes for this ring: each field, the length, and each word
/// below its prime are checked.
SwitchKey read_seeded_key(Engine& engine, std::span<const std::uint8_t> bytes);

}  // namespace fhec
