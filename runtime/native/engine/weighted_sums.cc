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

/// One block of one limb of both parts of a row.
class RowBlock {
 public:
  RowBlock(std::span<const Ciphertext* const> inputs, const Limb& limb, std::size_t limb_index, std::size_t at, std::size_t words)
      : inputs_(inputs), limb_(limb), index_(limb_index), at_(at), words_(words) {}

  void sum(Ciphertext& out, std::span<const WeightedTerm> row) {
    begun_ = false;
    for (const auto& [input, weight] : row) {
      sources_[terms_] = inputs_[input];
      weight->get(index_, at_, words_, weights_[terms_].data());
      if (++terms_ == most_terms) finish(out);
    }
    if (terms_ > 0) finish(out);
  }

 private:
  /// What one pass takes; the weights, which are unpacked once for both parts, must stay in the fastest caches too.
  static constexpr std::size_t most_terms = 32;
  struct alignas(64) Words : std::array<Word, block> {};

  /// Adds the terms so far to every part, or begins with them.
  void finish(Ciphertext& out) {
    for (std::size_t part = 0; part < out.parts.size(); part++) {
      std::array<const Word*, most_terms> left;
      std::array<const Word*, most_terms> right;
      std::size_t count = 0;
      for (std::size_t k = 0; k < terms_; k++) {
        if (part >= sources_[k]->parts.size()) continue;
        left[count] = sources_[k]->parts[part].limb(index_) + at_;
        right[count++] = weights_[k].data();
      }
      Word* to = out.parts[part].limb(index_) + at_;
      if (count == 0) {
        if (!begun_) std::fill_n(to, words_, Word{0});
        continue;
      }
      Word* made = begun_ ? scratch_.data() : to;
      limb_.kernel->inner_product(made, left.data(), right.data(), count, words_, limb_.modulus);
      if (begun_) limb_.kernel->add(to, to, made, words_, limb_.modulus);
    }
    begun_ = true;
    terms_ = 0;
  }

  std::span<const Ciphertext* const> inputs_;
  const Limb& limb_;
  std::size_t index_;
  std::size_t at_;
  std::size_t words_;
  bool begun_ = false;
  std::size_t terms_ = 0;
  std::array<const Ciphertext*, most_terms> sources_;
  std::array<Words, most_terms> weights_;
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
      RowBlock piece(inputs, ring.limbs[i], i, b * words, words);
      for (std::size_t r = 0; r < rows.size(); r++)
        if (i <= out[r].level) piece.sum(out[r], rows[r]);
    }
  });
  return out;
}

}  // namespace fhec
