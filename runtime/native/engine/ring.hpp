#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "kernel.hpp"
#include "memory.hpp"
#include "pool.hpp"

namespace fhec {

/// One prime of the ring with its tables and the kernel that serves it.
struct Limb {
  Modulus modulus;
  NttTables tables;
  const Kernel* kernel;
};

/// Consecutive data primes that key switching handles together: data primes first .. first + count - 1.
struct Digit {
  std::size_t first;
  std::size_t count;
};

/// The ring Z[X]/(X^N + 1) with its chain of data primes q_0 .. q_L and special primes p_0 .. p_(s-1). Limbs are numbered data primes
/// first: limb i < data_count is q_i, limb data_count + j is p_j. Shared by every operation; it never changes.
struct Ring {
  std::size_t degree = 0;
  std::size_t data_count = 0;
  std::size_t special_count = 0;
  std::vector<Limb> limbs;

  const Limb& special(std::size_t j) const { return limbs[data_count + j]; }
};

/// Throws FHE0801 for a degree that is no power of two between 16 and 2^17, or a prime that is repeated, not prime to 2N, or too wide.
Ring make_ring(std::size_t degree, std::span<const Word> data_primes, std::span<const Word> special_primes,
               KernelChoice kernel);

/// The modulus that key switching works in: data primes q_0 .. q_level, then special primes p_0 .. p_(special_count - 1).
struct KeyBasis {
  std::size_t level = 0;
  std::size_t special_count = 0;

  std::size_t limb_count() const noexcept { return level + 1 + special_count; }
  /// The ring's number of limb j.
  std::size_t ring_limb(const Ring& ring, std::size_t j) const noexcept {
    return j <= level ? j : ring.data_count + (j - level - 1);
  }
};

/// The limbs of a basis.
std::vector<const Limb*> limbs_of(const Ring& ring, const KeyBasis& basis);

/// A polynomial in RNS form: some limbs of N words each, number-theoretic transform form unless a function says otherwise. Each limb has a buffer
/// of its own: polynomials of any level are made of equal buffers, so that what one leaves serves the next without fresh pages.
class Polynomial {
 public:
  Polynomial() = default;
  Polynomial(Memory& memory, std::size_t degree, std::size_t limb_count);

  Word* limb(std::size_t i) noexcept { return limbs_[i].data(); }
  const Word* limb(std::size_t i) const noexcept { return limbs_[i].data(); }
  std::size_t limb_count() const noexcept { return limbs_.size(); }

 private:
  std::vector<Buffer> limbs_;
};

/// Rows of equally many words, one after another in one buffer, as base conversions read them.
class Rows {
 public:
  Rows() = default;
  Rows(Memory& memory, std::size_t words, std::size_t count) : buffer_(memory, words * count), words_(words) {}

  Word* row(std::size_t i) noexcept { return buffer_.data() + i * words_; }
  const Word* row(std::size_t i) const noexcept { return buffer_.data() + i * words_; }

 private:
  Buffer buffer_;
  std::size_t words_ = 0;
};

/// (c_0, c_1[, c_2]) modulo q_0 .. q_level: each part has level + 1 limbs, in transform form.
struct Ciphertext {
  std::vector<Polynomial> parts;
  std::size_t level = 0;
  double scale = 1;
};

/// Words of some limbs at the width of their primes (Kernel::pack), so that they are read from memory as one short stream.
class PackedPolynomial {
 public:
  PackedPolynomial() = default;
  /// Words undefined. The limbs outlive the polynomial.
  PackedPolynomial(Memory& memory, std::size_t degree, std::vector<const Limb*> limbs);

  /// All N words of limb i. Limbs that differ can be put by several threads.
  void put(std::size_t i, const Word* words) noexcept;
  /// Words `at` .. `at + count - 1` of limb i, both multiples of eight.
  void get(std::size_t i, std::size_t at, std::size_t count, Word* words) const noexcept;
  /// Where word `at` of limb i lies, a multiple of eight.
  const std::uint8_t* packed(std::size_t i, std::size_t at) const noexcept;

 private:
  std::size_t degree_ = 0;
  std::vector<const Limb*> limbs_;
  /// The byte at which each limb begins.
  std::vector<std::size_t> begins_;
  Buffer bytes_;
};

/// Up to 512 words, and packed ones.
struct PackedBlock {
  static constexpr std::size_t most = 512;
  alignas(64) std::array<Word, most> words;
  alignas(64) std::array<std::uint8_t, (most + 8) * sizeof(Word)> bytes;
};

/// An encoded vector modulo q_0 .. q_level, in transform form. Vectors that repeat take less: one whose first p slots come again and again is a
/// polynomial in X^(N / 2p), and its words stand in runs of N / 2p equal ones, of which `runs` holds one each. A constant polynomial, which stands
/// for one number in every slot, is one word for each limb: all words of limb i are constants[i]. Of `words`, `runs` and `constants` two are empty.
struct Plaintext {
  PackedPolynomial words;
  /// How many equal words of the transform each word of `runs` stands for: a power of two, 1 where they lie in `words`.
  std::size_t run = 1;
  Rows runs;
  std::vector<Word> constants;
  std::size_t level = 0;
  double scale = 1;
  /// Limbs of special primes after those of the level: a factor of extended ciphertexts has all of them.
  std::size_t special_count = 0;

  /// Writes words `at` .. `at + count - 1` of limb i; `at` is a multiple of `count`, which is a power of two, at least 8.
  void get(std::size_t i, std::size_t at, std::size_t count, Word* words) const noexcept;
  /// The same words packed for a limb of these, with 64 readable bytes from every eight words on: either where they lie, or in `block`.
  const std::uint8_t* packed(std::size_t i, std::size_t at, std::size_t count, const Limb& limb, PackedBlock& block) const noexcept;
};

}  // namespace fhec
