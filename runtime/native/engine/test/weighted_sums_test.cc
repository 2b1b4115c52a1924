#include "weighted_sums.hpp"

#include "evaluate.hpp"
#include "keys.hpp"

namespace fhec::test {
namespace {

Plaintext random_weight(Engine& engine, std::size_t level, bool constant, std::size_t run = 1) {
  if (!constant && run == 1) return plaintext_of(engine, random_polynomial(engine, level), level);
  Plaintext p;
  p.level = level;
  p.run = run;
  if (!constant) p.runs = Rows(engine.memory(), engine.ring().degree / run, level + 1);
  for (std::size_t i = 0; !constant && i <= level; i++)
    for (std::size_t j = 0; j < engine.ring().degree / run; j++) p.runs.row(i)[j] = random_below(engine.ring().limbs[i].modulus.value);
  for (std::size_t i = 0; constant && i <= level; i++) p.constants.push_back(random_below(engine.ring().limbs[i].modulus.value));
  return p;
}

void check_same(const Engine& engine, const Ciphertext& a, const Ciphertext& b) {
  CHECK_EQUAL(a.level, b.level);
  CHECK_EQUAL(a.scale, b.scale);
  CHECK_EQUAL(a.parts.size(), b.parts.size());
  CHECK(words_of(engine, a) == words_of(engine, b));
}

/// The same rows by products and sums one after the other.
Ciphertext one_by_one(Engine& engine, std::span<const Ciphertext* const> inputs, std::span<const WeightedTerm> row) {
  Ciphertext sum = multiply_plain(engine, *inputs[row[0].input], *row[0].weight);
  for (const WeightedTerm& term : row.subspan(1))
    sum = add(engine, sum, multiply_plain(engine, *inputs[term.input], *term.weight));
  return sum;
}

}  // namespace

TEST(weighted_sums_equal_products_and_sums) {
  for (int trial = 0; trial < 40; trial++) {
    EngineShape shape{trial % 2 == 0 ? std::size_t{64} : std::size_t{2048}, {45, 30, 58, 20}, {60}, 1 + random_below(3)};
    shape.kernel = trial % 3 == 0 ? KernelChoice::portable : KernelChoice::automatic;
    const std::unique_ptr<Engine> engine = random_engine(shape);
    const std::size_t level = random_below(4);
    std::vector<Ciphertext> ciphertexts;
    std::vector<const Ciphertext*> inputs;
    for (std::size_t i = 0; i < 5; i++) ciphertexts.push_back(random_ciphertext(*engine, trial % 4 == 0 ? 2 + i % 2 : 2, level));
    for (const Ciphertext& a : ciphertexts) inputs.push_back(&a);
    std::vector<Plaintext> weights;
    for (std::size_t i = 0; i < 12; i++) weights.push_back(random_weight(*engine, level, i % 4 == 3, i % 4 == 3 ? 1 : std::size_t{1} << random_below(6)));
    std::vector<std::vector<WeightedTerm>> rows(1 + random_below(4));
    for (std::vector<WeightedTerm>& row : rows) {
      const std::size_t terms = 1 + random_below(trial == 7 ? 150 : 9);
      for (std::size_t k = 0; k < terms; k++) row.push_back({random_below(5), &weights[random_below(weights.size())]});
    }
    const std::vector<Ciphertext> sums = weighted_sums(*engine, inputs, rows);
    CHECK_EQUAL(sums.size(), rows.size());
    for (std::size_t r = 0; r < rows.size(); r++) check_same(*engine, sums[r], one_by_one(*engine, inputs, rows[r]));
  }
}

TEST(weighted_sums_of_constants_only) {
  const std::unique_ptr<Engine> engine = random_engine({64, {45, 30}, {60}});
  const Ciphertext a = random_ciphertext(*engine, 2, 1);
  const Ciphertext* const inputs[] = {&a};
  const Plaintext weight = random_weight(*engine, 1, true);
  const std::vector<std::vector<WeightedTerm>> rows{std::vector<WeightedTerm>(70, {0, &weight})};
  check_same(*engine, weighted_sums(*engine, inputs, rows)[0], one_by_one(*engine, inputs, rows[0]));
}

TEST(weighted_sums_refuse_what_does_not_fit) {
  const std::unique_ptr<Engine> engine = random_engine({64, {45, 30, 40}, {60}});
  const Ciphertext a = random_ciphertext(*engine, 2, 2);
  const Ciphertext lower = random_ciphertext(*engine, 2, 1);
  const Ciphertext* const inputs[] = {&a, &lower};
  const Plaintext weight = random_weight(*engine, 2, false);
  Plaintext other = random_weight(*engine, 2, false);
  other.scale = 2;
  using Rows = std::vector<std::vector<WeightedTerm>>;
  CHECK(weighted_sums(*engine, inputs, {}).empty());
  CHECK_THROWS("FHE0801", weighted_sums(*engine, inputs, Rows{{}}));
  CHECK_THROWS("FHE0801", weighted_sums(*engine, inputs, Rows{{{2, &weight}}}));
  CHECK_THROWS("FHE0801", weighted_sums(*engine, inputs, Rows{{{1, &weight}}}));
  CHECK_THROWS("FHE0801", weighted_sums(*engine, inputs, Rows{{{0, &weight}, {0, &other}}}));
}

}  // namespace fhec::test
