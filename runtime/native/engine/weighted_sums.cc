#include "weighted_sums.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <utility>

#include "engine.hpp"
#include "error.hpp"

namespace fhec {
namespace {

/// Words that are worked on at once: those of ten inputs of two parts stay in the fastest caches.
constexpr std::size_t block = 512;
/// What one call of Kernel::inner_product takes.
constexpr std::size_t most_terms = 64;
/// Each thread has this many pieces of work or more, so that none waits long for the last.
constexpr std::size_t pieces = 8;

struct Shape {
  std::size_t parts;
  std::size_t level;
  double scale;
};

Shape shape_of(std::span<const Ciphertext* const> inputs, std::span<const WeightedTerm> row) {
  if (row.empty()) throw Error("FHE0801", "a sum without terms");
  Shape shape{};
  for (std::size_t k = 0; k < row.size(); k++) {
    const auto& [input, weight] = row[k];
    if (input >= inputs.size())
      throw Error("FHE0801", "a term of input " + std::to_string(input) + " of " + std::to_string(inputs.size()));
    const Ciphertext& a = *inputs[input];
    const double scale = a.scale * weight->scale;
    if (k == 0) shape = {0, a.level, scale};
    if (a.level != shape.level || weight->level != shape.level)
      throw Error("FHE0801", "a sum of level " + std::to_string(shape.level) + " with a product of levels " +
                                 std::to_string(a.level) + " and " + std::to_string(weight->level));
    if (!(std::abs(scale - shape.scale) <= 1e-9 * shape.scale))
      throw Error("FHE0801", "products of scales " + std::to_string(shape.scale) + " and " + std::to_string(scale) + " in one sum");
    shape.parts = std::max(shape.parts, a.parts.size());
  }
  return shape;
}

/// One block of one limb of one part of a row.
class RowBlock {
 public:
  RowBlock(std::span<const Ciphertext* const> inputs, std::size_t limb, std::size_t at, std::size_t words)
      : inputs_(inputs), limb_(limb), at_(at), words_(words) {}

  void sum(Word* out, std::span<const WeightedTerm> row, std::size_t part, const Limb& limb) {
    std::size_t terms = 0;
    std::size_t constants = 0;
    bool begun = false;
    const auto finish = [&] {
      if (terms == 0 && begun) return;
      Word* to = begun ? scratch_.data() : out;
      if (terms == 0)
        std::fill_n(to, words_, Word{0});
      else
        limb.kernel->inner_product(to, left_.data(), right_.data(), terms, words_, limb.modulus);
      if (begun) limb.kernel->add(out, out, to, words_, limb.modulus);
      begun = true;
      terms = constants = 0;
    };
    for (const auto& [input, weight] : row) {
      const Ciphertext& a = *inputs_[input];
      if (part >= a.parts.size()) continue;
      left_[terms] = a.parts[part].limb(limb_) + at_;
      if (weight->constants.empty()) {
        right_[terms] = weight->words.limb(limb_) + at_;
      } else {
        Word* spread = spread_[constants++].data();
        std::fill_n(spread, words_, weight->constants[limb_]);
        right_[terms] = spread;
      }
      if (++terms == most_terms || constants == spread_.size()) finish();
    }
    finish();
  }

 private:
  struct alignas(64) Words : std::array<Word, block> {};

  std::span<const Ciphertext* const> inputs_;
  std::size_t limb_;
  std::size_t at_;
  std::size_t words_;
  std::array<const Word*, most_terms> left_;
  std::array<const Word*, most_terms> right_;
  /// Constant weights, one word for every place of the block.
  std::array<Words, 8> spread_;
  Words scratch_;
};

}  // namespace

std::vector<Ciphertext> weighted_sums(Engine& engine, std::span<const Ciphertext* const> inputs,
                                      std::span<const std::vector<WeightedTerm>> rows) {
  const Ring& ring = engine.ring();
  const std::size_t n = ring.degree;
  std::vector<Ciphertext> out;
  std::size_t limbs = 0;
  for (const std::vector<WeightedTerm>& row : rows) {
    const Shape shape = shape_of(inputs, row);
    Ciphertext& made = out.emplace_back();
    made.level = shape.level;
    made.scale = shape.scale;
    for (std::size_t p = 0; p < shape.parts; p++) made.parts.emplace_back(engine.memory(), n, shape.level + 1);
    limbs = std::max(limbs, shape.level + 1);
  }
  if (rows.empty()) return out;
  const std::size_t words = std::min(block, n);
  const std::size_t blocks = n / words;
  const std::size_t slices = std::min(blocks, (pieces * engine.pool().threads() + limbs - 1) / limbs);
  engine.pool().for_each(limbs * slices, [&](std::size_t task) {
    const std::size_t i = task / slices;
    const std::size_t slice = task % slices;
    for (std::size_t b = slice * blocks / slices; b < (slice + 1) * blocks / slices; b++) {
      RowBlock piece(inputs, i, b * words, words);
      for (std::size_t r = 0; r < rows.size(); r++) {
        if (i > out[r].level) continue;
        for (std::size_t p = 0; p < out[r].parts.size(); p++)
          piece.sum(out[r].parts[p].limb(i) + b * words, rows[r], p, ring.limbs[i]);
      }
    }
  });
  return out;
}

}  // namespace fhec
