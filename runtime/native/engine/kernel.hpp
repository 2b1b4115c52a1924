#pragma once

#include <cstddef>
#include <cstdint>

#include "modulus.hpp"
#include "ntt_tables.hpp"

namespace fhec {

/// Arithmetic on one limb: n words (a power of two, at least 8, 64-byte aligned), each below its modulus. Every result is fully
/// reduced, so all kernels agree bit for bit. An output may be one of the inputs; partial overlap is not allowed.
struct Kernel {
  const char* name;
  /// Negacyclic number-theoretic transform, natural order to SEAL's bit-reversed order, in place.
  void (*forward)(Word* values, const NttTables& tables);
  void (*inverse)(Word* values, const NttTables& tables);
  void (*add)(Word* out, const Word* a, const Word* b, std::size_t n, const Modulus& q);
  void (*subtract)(Word* out, const Word* a, const Word* b, std::size_t n, const Modulus& q);
  void (*negate)(Word* out, const Word* a, std::size_t n, const Modulus& q);
  void (*multiply)(Word* out, const Word* a, const Word* b, std::size_t n, const Modulus& q);
  /// out = out + a b
  void (*multiply_add)(Word* out, const Word* a, const Word* b, std::size_t n, const Modulus& q);
  void (*multiply_scalar)(Word* out, const Word* a, Word scalar, std::size_t n, const Modulus& q);
  /// out = (a - b) scalar; the tail of every exact division by a prime.
  void (*subtract_multiply_scalar)(Word* out, const Word* a, const Word* b, Word scalar, std::size_t n,
                                   const Modulus& q);
  /// Words below 2^62 of another modulus, brought below q.
  void (*reduce)(Word* out, const Word* a, std::size_t n, const Modulus& q);
  /// out[h] = sum over k < count of a[parts k + h] b[k] for h < parts, 1 or 2; 1 <= count <= 64. The second factors lie packed, words 8i .. 8i + 7
  /// of b[k] at byte i packed_width(q), so that they are read from memory as short streams, once for both parts. 64 bytes from there on can be read.
  void (*weighted_sum)(Word* const* out, const Word* const* a, const std::uint8_t* const* b, std::size_t count, std::size_t parts,
                       std::size_t n, const Modulus& q);
  /// Both inner products of key switching: out[h] = sum over k < count of a[k] b_h[k], 1 <= count <= 64. The second factors lie packed and
  /// interleaved, so that they are read from memory as one short stream: words 8i .. 8i + 7 of b_h[k] stand at byte
  /// width (2 (i stride + k) + h) of `b`, each in packed_width(q) bits, lowest first. 64 bytes from there on can be read.
  void (*inner_product_pair)(Word* const* out, const Word* const* a, const std::uint8_t* b, std::size_t stride,
                             std::size_t count, std::size_t n, const Modulus& q);
  /// out = sum over k < count of scalars[k] a[k], where the words of a[k] are below 2^62 and belong to other moduli, and the scalars
  /// are below q; 1 <= count <= 64. The inner loop of a base conversion.
  void (*combine)(Word* out, const Word* const* a, const Word* scalars, std::size_t count, std::size_t n,
                  const Modulus& q);
  /// out = floor(1/2 + sum over k < count of a[k] fractions[k] 2^-(51 + bits[k])): the a[k] have at most bits[k] bits, the fractions 52. Each term is
  /// cut to 51 bits after the point, of a[k] the upper 52 bits are read. The quotients of a base conversion; 1 <= count <= 64.
  void (*quotients)(Word* out, const Word* const* a, const Word* fractions, const int* bits, std::size_t count,
                    std::size_t n);
  /// Words at the width of their prime: words 8i .. 8i + 7 take packed_width(q) bytes from byte i `stride` of `packed` on, lowest bits first.
  void (*pack)(std::uint8_t* packed, const Word* words, std::size_t stride, std::size_t n, const Modulus& q);
  /// The reverse. 64 bytes from the beginning of every eight words on can be read.
  void (*unpack)(Word* words, const std::uint8_t* packed, std::size_t stride, std::size_t n, const Modulus& q);
  /// out[i] = a[table[i]]; `out` must not be `a`.
  void (*gather)(Word* out, const Word* a, const std::uint32_t* table, std::size_t n);
};

/// The widths of the primes that the AVX-512 IFMA kernel serves.
inline constexpr int ifma_least_bits = 16;
inline constexpr int ifma_most_bits = 50;

/// Bits that a word below q takes in a packed key or plaintext: with its shift of up to seven bits it must fit one load of 64.
constexpr int packed_width(const Modulus& q) noexcept { return q.bits <= 57 ? q.bits : 64; }

enum class KernelChoice { automatic, portable, ifma };

/// AVX-512 IFMA where the processor has it and q has at most 50 bits, else portable 64-bit arithmetic (q below 2^61).
/// Throws FHE0801 when `ifma` is asked for on a processor without it (a wide q still gets the portable kernel).
const Kernel& kernel_for(const Modulus& q, KernelChoice choice);

extern const Kernel portable_kernel;
/// Null where the compiler or the processor lacks AVX-512 IFMA.
const Kernel* ifma_kernel() noexcept;

}  // namespace fhec
