#pragma once

#include <cstddef>

#include "aligned_words.hpp"
#include "modulus.hpp"

namespace fhec {

/// The order that scalar code reads: root^brv(i) at place i, and its Shoup quotient floor(root 2^64 / q).
struct ScalarTables {
  AlignedWords roots;
  AlignedWords quotients;

  bool empty() const noexcept { return roots.empty(); }
};

/// The order that the AVX-512 IFMA kernel reads. Empty for N below 64.
struct VectorTables {
  /// For stages whose butterflies are at least eight words apart: root^brv(i) at place i < N/8, and floor(root 2^52 / q).
  AlignedWords head_roots;
  AlignedWords head_quotients;
  /// For the last three stages, which work on the transpose of eight nodes of eight words: seven vectors for each block of 64 words. Lane r
  /// belongs to the block's node r: its root of the third-last stage, its two of the second-last, its four of the last. In Montgomery form,
  /// 2^52 root modulo q, which needs no quotients: reading a table costs more than the multiplication that this adds.
  AlignedWords tail_roots;
};

/// Which kernels a table is built for; the orders differ and take about 2N and 1.1 N words.
enum class TableUse { all, scalar, vector };

/// Powers of the smallest primitive 2N-th root of unity modulo q in SEAL's bit-reversed order, with the precomputed quotients that each kernel
/// needs (Harvey, Faster arithmetic for number-theoretic transforms, 2014). One table serves both directions: the inverse of the root of
/// node i among the m nodes of a stage is minus the root of node m - 1 - i. Throws FHE0801 when q is not 1 modulo 2N.
struct NttTables {
  NttTables(std::size_t degree, const Modulus& modulus, TableUse use = TableUse::all);

  std::size_t degree;
  Modulus modulus;
  /// The smallest primitive 2N-th root of unity.
  Word root;
  /// N^-1 modulo q.
  Word inverse_degree;
  ScalarTables scalar;
  VectorTables vector;
};

}  // namespace fhec
