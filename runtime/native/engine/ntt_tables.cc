#include "ntt_tables.hpp"

#include <algorithm>
#include <bit>
#include <string>

#include "error.hpp"

namespace fhec {
namespace {

/// The smallest of the N odd powers of any primitive 2N-th root (SEAL, util::try_minimal_primitive_root).
Word smallest_primitive_root(std::size_t degree, const Modulus& q) {
  const Word cofactor = (q.value - 1) / (2 * degree);
  Word root = 0;
  for (Word candidate = 2;; ++candidate) {
    root = pow_mod(candidate, cofactor, q);
    if (pow_mod(root, degree, q) == q.value - 1) break;
  }
  const Word square = mul_mod(root, root, q);
  Word smallest = root;
  for (std::size_t i = 1; i < degree; ++i) {
    root = mul_mod(root, square, q);
    smallest = std::min(smallest, root);
  }
  return smallest;
}

std::size_t reverse_bits(std::size_t value, int count) noexcept {
  std::size_t reversed = 0;
  for (int i = 0; i < count; ++i) reversed |= ((value >> i) & 1) << (count - 1 - i);
  return reversed;
}

AlignedWords bit_reversed_powers(Word root, std::size_t degree, const Modulus& q) {
  AlignedWords powers(degree);
  const int bits = std::countr_zero(degree);
  Word power = 1;
  for (std::size_t i = 0; i < degree; ++i) {
    powers[reverse_bits(i, bits)] = power;
    power = mul_mod(power, root, q);
  }
  return powers;
}

AlignedWords quotients_of(const AlignedWords& roots, int shift, const Modulus& q) {
  AlignedWords quotients(roots.size());
  for (std::size_t i = 0; i < roots.size(); ++i) quotients[i] = shoup_quotient(roots[i], q) >> shift;
  return quotients;
}

/// The seven vectors of each block of 64 words (VectorTables::tail_roots).
AlignedWords tail_of(const AlignedWords& roots, const Modulus& q) {
  const Word power52 = (Word{1} << 52) % q.value;
  const std::size_t degree = roots.size();
  AlignedWords tail;
  tail.reserve(degree / 64 * 56);
  for (std::size_t block = 0; block < degree / 64; ++block) {
    for (std::size_t children = 1; children <= 4; children *= 2) {
      for (std::size_t child = 0; child < children; ++child) {
        for (std::size_t lane = 0; lane < 8; ++lane) {
          tail.push_back(mul_mod(roots[(degree / 8 + 8 * block + lane) * children + child], power52, q));
        }
      }
    }
  }
  return tail;
}

const Modulus& checked(std::size_t degree, const Modulus& q) {
  if (!std::has_single_bit(degree) || degree < 8 || (q.value - 1) % (2 * degree) != 0) {
    throw Error("FHE0801", "The prime " + std::to_string(q.value) + " has no transform of " + std::to_string(degree) +
                               " points: the length must be a power of two, at least 8, and the prime 1 modulo twice it.");
  }
  return q;
}

}  // namespace

NttTables::NttTables(std::size_t degree_, const Modulus& modulus_, TableUse use)
    : degree(degree_),
      modulus(checked(degree_, modulus_)),
      root(smallest_primitive_root(degree_, modulus_)),
      inverse_degree(inv_mod(degree_ % modulus_.value, modulus_)) {
  AlignedWords roots = bit_reversed_powers(root, degree, modulus);
  const bool small = degree < 64;
  if (use != TableUse::scalar && !small) {
    vector.head_roots.assign(roots.begin(), roots.begin() + static_cast<std::ptrdiff_t>(degree / 8));
    // A quotient of 52 bits is the head of that of 64.
    vector.head_quotients = quotients_of(vector.head_roots, 64 - 52, modulus);
    vector.tail_roots = tail_of(roots, modulus);
  }
  if (use != TableUse::vector || small) {
    scalar.quotients = quotients_of(roots, 0, modulus);
    scalar.roots = std::move(roots);
  }
}

}  // namespace fhec
