#pragma once

#include <cstddef>
#include <vector>

#include "modulus.hpp"

namespace fhec {

/// Powers of the smallest primitive 2N-th root of unity modulo q in SEAL's bit-reversed order, with the precomputed quotients that each kernel
/// needs (Harvey, Faster arithmetic for number-theoretic transforms, 2014). Throws FHE0801 when q is not 1 modulo 2N.
struct NttTables {
  NttTables(std::size_t degree, const Modulus& modulus);

  std::size_t degree;
  Modulus modulus;
  /// The smallest primitive 2N-th root of unity.
  Word root;
};

}  // namespace fhec
