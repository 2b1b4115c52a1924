#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "engine.hpp"

namespace fhec {

// Words of SEAL's order [part][prime][coefficient], little endian, eight bytes each, at any alignment: what stands in SEAL's files.

/// Takes words of `limbs` polynomials: limb i modulo the ring's limb first + i. Throws FHE0702 for a wrong length, or a word that is not
/// below its prime.
Polynomial import_polynomial(Engine& engine, std::span<const std::uint8_t> bytes, std::size_t limbs, std::size_t first = 0);

/// A ciphertext of `parts` (2 or 3) polynomials at `level`. Throws FHE0702 as above, FHE0801 for a level, number of parts or scale that
/// no ciphertext of this ring has.
Ciphertext import_ciphertext(Engine& engine, std::span<const std::uint8_t> bytes, std::size_t parts, std::size_t level,
                             double scale);

/// A ciphertext of two parts of which SEAL wrote the second as the seed of its generator. Throws as above.
Ciphertext import_seeded_ciphertext(Engine& engine, std::span<const std::uint8_t> first_part,
                                    std::span<const std::uint8_t> seed, std::size_t level, double scale);

Plaintext import_plaintext(Engine& engine, std::span<const std::uint8_t> bytes, std::size_t level, double scale);

std::size_t export_bytes(Engine& engine, const Ciphertext& a) noexcept;
/// `out` has export_bytes.
void export_ciphertext(Engine& engine, const Ciphertext& a, std::uint8_t* out);
/// `out` has 8 N (level + 1) bytes; a constant polynomial is written out.
void export_plaintext(Engine& engine, const Plaintext& p, std::uint8_t* out);

}  // namespace fhec
