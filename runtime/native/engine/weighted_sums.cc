#include "weighted_sums.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <utility>

#include "engine.hpp"
#include "error.hpp"
#include "extended.hpp"

namespace fhec {
namespace {

/// Words that are worked on at once: those of twenty inputs of two parts stay in the second cache.
constexpr std::size_t block = PackedBlock::most;
/// Each thread has this many pieces of work or more, so that none waits long for the last.
constexpr std::size_t pieces = 8;

struct Shape {
  std::size_t parts;
  std::size_t level;
  double scale;
};

template <class Cipher>
Shape shape_of(std::span<const Cipher* const> inputs, std::span<const WeightedTerm> row, std::size_t special_count) {
  if (row.empty()) throw Error("FHE0801", "a sum without terms");
  Shape shape{};
  for (std::size_t k = 0; k < row.size(); k++) {
    const auto& [input, weight] = row[k];
    if (input >= inputs.size())
      throw Error("FHE0801", "a term of input " + std::to_string(input) + " of " + std::to_string(inputs.size()));
    const Cipher& a = *inputs[input];
    if (weight->special_count < special_count) throw Error("FHE0801", "a plaintext without special primes in an extended sum");
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

/// One block of one limb of all parts of a row.
template <class Cipher>
class RowBlock {
 public:
  RowBlock(std::span<const Cipher* const> inputs, const Limb& limb, std::size_t limb_index, std::size_t at, std::size_t words)
      : inputs_(inputs), limb_(limb), index_(limb_index), at_(at), words_(words) {}

  void sum(Cipher& out, std::span<const WeightedTerm> row) {
    for (std::size_t k = 0; k < row.size(); k += most_terms) {
      const std::span<const WeightedTerm> terms = row.subspan(k, std::min(most_terms, row.size() - k));
      for (std::size_t t = 0; t < terms.size(); t++) weights_[t] = terms[t].weight->packed(index_, at_, words_, limb_, blocks_[t]);
      for (std::size_t part = 0; part < out.parts.size(); part += 2) add(out, terms, part, std::min<std::size_t>(2, out.parts.size() - part), k > 0);
    }
  }

 private:
  /// What one pass takes; the copies of weights that lie otherwise must stay in the fastest caches too.
  static constexpr std::size_t most_terms = 32;

  /// Some parts of the sum of the terms, added to what is there if there is anything.
  void add(Cipher& out, std::span<const WeightedTerm> terms, std::size_t part, std::size_t parts, bool begun) {
    std::array<const Word*, 2 * most_terms> left;
    std::array<const std::uint8_t*, most_terms> right;
    std::size_t count = 0;
    for (std::size_t t = 0; t < terms.size(); t++) {
      const std::vector<Polynomial>& source = inputs_[terms[t].input]->parts;
      if (part >= source.size()) continue;
      for (std::size_t h = 0; h < parts; h++) left[parts * count + h] = source[part + h].limb(index_) + at_;
      right[count++] = weights_[t];
    }
    Word* const to[] = {out.parts[part].limb(index_) + at_, out.parts[part + parts - 1].limb(index_) + at_};
    Word* const made[] = {begun ? scratch_[0].data() : to[0], begun ? scratch_[1].data() : to[1]};
    if (count > 0) limb_.kernel->weighted_sum(made, left.data(), right.data(), count, parts, words_, limb_.modulus);
    for (std::size_t h = 0; h < parts; h++) {
      if (count == 0 && !begun) std::fill_n(to[h], words_, Word{0});
      if (count > 0 && begun) limb_.kernel->add(to[h], to[h], made[h], words_, limb_.modulus);
    }
  }

  struct alignas(64) Words : std::array<Word, block> {};

  std::span<const Cipher* const> inputs_;
  const Limb& limb_;
  std::size_t index_;
  std::size_t at_;
  std::size_t words_;
  std::array<const std::uint8_t*, most_terms> weights_;
  std::array<PackedBlock, most_terms> blocks_;
  std::array<Words, 2> scratch_;
};

template <class Cipher>
std::vector<Cipher> sums_of(Engine& engine, std::span<const Cipher* const> inputs, std::span<const std::vector<WeightedTerm>> rows,
                            std::size_t special_count) {
  const Ring& ring = engine.ring();
  const std::size_t n = ring.degree;
  std::vector<Cipher> out;
  KeyBasis basis{0, special_count};
  for (const std::vector<WeightedTerm>& row : rows) {
    const Shape shape = shape_of(inputs, row, special_count);
    if (out.empty()) basis.level = shape.level;
    if (shape.level != basis.level)
      throw Error("FHE0801", "sums of levels " + std::to_string(basis.level) + " and " + std::to_string(shape.level));
    Cipher& made = out.emplace_back();
    made.level = shape.level;
    made.scale = shape.scale;
    for (std::size_t p = 0; p < shape.parts; p++) made.parts.emplace_back(engine.memory(), n, basis.limb_count());
  }
  if (rows.empty()) return out;
  const std::size_t limbs = basis.limb_count();
  const std::size_t words = std::min(block, n);
  const std::size_t blocks = n / words;
  const std::size_t slices = std::min(blocks, (pieces * engine.pool().threads() + limbs - 1) / limbs);
  engine.pool().for_each(limbs * slices, [&](std::size_t task) {
    const std::size_t i = task / slices;
    const std::size_t slice = task % slices;
    for (std::size_t b = slice * blocks / slices; b < (slice + 1) * blocks / slices; b++) {
      RowBlock<Cipher> piece(inputs, ring.limbs[basis.ring_limb(ring, i)], i, b * words, words);
      for (std::size_t r = 0; r < rows.size(); r++) piece.sum(out[r], rows[r]);
    }
  });
  return out;
}

}  // namespace

std::vector<Ciphertext> weighted_sums(Engine& engine, std::span<const Ciphertext* const> inputs,
                                      std::span<const std::vector<WeightedTerm>> rows) {
  return sums_of(engine, inputs, rows, 0);
}

std::vector<ExtendedCiphertext> weighted_sums(Engine& engine, std::span<const ExtendedCiphertext* const> inputs,
                                              std::span<const std::vector<WeightedTerm>> rows) {
  return sums_of(engine, inputs, rows, engine.ring().special_count);
}

}  // namespace fhec
