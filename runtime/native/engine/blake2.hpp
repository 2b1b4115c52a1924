#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace fhec {

/// BLAKE2b (RFC 7693) without a key: out.size() from 1 to 64 bytes.
void blake2b(std::span<std::uint8_t> out, std::span<const std::uint8_t> input);

/// BLAKE2Xb (Aumasson, Neves, Wilcox-O'Hearn, Winnerlein, "BLAKE2X", 2016), the extendable output of BLAKE2b: out.size() below 2^32 - 1 bytes, a key of at
/// most 64 bytes.
void blake2xb(std::span<std::uint8_t> out, std::span<const std::uint8_t> input, std::span<const std::uint8_t> key);

}  // namespace fhec
