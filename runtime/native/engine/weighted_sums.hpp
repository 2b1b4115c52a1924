#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "ring.hpp"

namespace fhec {

class Engine;

/// The product of one of several inputs with a plaintext.
struct WeightedTerm {
  std::size_t input;
  const Plaintext* weight;
};

/// For each row the sum of its terms, equal to multiply_plain and add word for word: a matrix times a vector of ciphertexts. Each product is read
/// once and reduced with its row; the rows share what they read of the inputs. All inputs and weights are of one level, and the products of a row
/// of scales that agree up to rounding; a row has at least one term and the scale of its first one. Else FHE0801.
std::vector<Ciphertext> weighted_sums(Engine& engine, std::span<const Ciphertext* const> inputs,
                                      std::span<const std::vector<WeightedTerm>> rows);

}  // namespace fhec
