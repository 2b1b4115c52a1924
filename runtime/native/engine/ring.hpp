#pragma once

#include <cstddef>
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

/// A polynomial in RNS form: some limbs of N words each in one buffer, number-theoretic transform form unless a function says otherwise.
class Polynomial {
 public:
  Polynomial() = default;
  Polynomial(Memory& memory, std::size_t degree, std::size_t limb_count);

  Word* limb(std::size_t i) noexcept { return buffer_.data() + i * degree_; }
  const Word* limb(std::size_t i) const noexcept { return buffer_.data() + i * degree_; }
  std::size_t limb_count() const noexcept { return limb_count_; }

 private:
  Buffer buffer_;
  std::size_t degree_ = 0;
  std::size_t limb_count_ = 0;
};

/// (c_0, c_1[, c_2]) modulo q_0 .. q_level: each part has level + 1 limbs, in transform form.
struct Ciphertext {
  std::vector<Polynomial> parts;
  std::size_t level = 0;
  double scale = 1;
};

/// An encoded vector modulo q_0 .. q_level, in transform form. Vectors that repeat take less: one whose first p slots come again and again is a
/// polynomial in X^(N / 2p), and its words stand in runs of N / 2p equal ones, of which `words` holds one each. A constant polynomial, which stands
/// for one number in every slot, is one word for each limb: all words of limb i are constants[i], and `words` holds nothing; otherwise `constants`
/// is empty.
struct Plaintext {
  Polynomial words;
  /// How many equal words of the transform each word stands for: a power of two.
  std::size_t run = 1;
  std::vector<Word> constants;
  std::size_t level = 0;
  double scale = 1;

  /// Words `at` .. `at + count - 1` of limb i; `at` is a multiple of `count`, which is a power of two. Either where they lie, or written to `scratch`.
  const Word* limb(std::size_t i, std::size_t at, std::size_t count, Word* scratch) const noexcept;
};

}  // namespace fhec
