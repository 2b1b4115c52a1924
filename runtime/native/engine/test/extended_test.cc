#include "extended.hpp"

#include "automorphism.hpp"
#include "evaluate.hpp"
#include "key_maker.hpp"
#include "keys.hpp"
#include "rotation.hpp"

namespace fhec::test {
namespace {

EngineShape shape_of(int trial) {
  EngineShape shape{256, {48, 36, 36, 36, 40}, {50, 50}, static_cast<std::size_t>(1 + trial % 3)};
  if (trial % 2 == 1) shape.special = {58};
  if (trial % 3 == 0) shape.kernel = KernelChoice::portable;
  return shape;
}

/// How far what two ciphertexts decrypt to is apart, in the largest coefficient.
double apart(Engine& engine, const Ciphertext& a, const Ciphertext& b, const SmallSecret& secret) {
  CHECK_EQUAL(a.level, b.level);
  return distance(engine, phase(engine, a, secret), phase(engine, b, secret), a.level + 1);
}

/// A plaintext of whole numbers from -4 to 4, with the special primes.
Plaintext small_weight(Engine& engine, std::size_t level) {
  std::vector<double> values(engine.ring().degree / 2);
  for (double& x : values) x = static_cast<double>(random_below(9)) - 4;
  return engine.encoder().encode(engine.ring(), engine.memory(), engine.pool(), values, level, 1, engine.ring().special_count);
}

}  // namespace

TEST(extended_is_divided_to_what_it_was) {
  for (int trial = 0; trial < 6; trial++) {
    const auto engine = random_engine(shape_of(trial));
    Ciphertext a = random_ciphertext(*engine, 2, 3);
    a.scale = 1024;
    const ExtendedCiphertext extended = extend(*engine, a);
    const Ciphertext back = divide(*engine, extended, false);
    CHECK_EQUAL(back.scale, a.scale);
    CHECK(words_of(*engine, a) == words_of(*engine, back));
    // With one rounding, which is that of the rescale alone.
    const Ciphertext rescaled = rescale(*engine, a);
    const Ciphertext divided = divide(*engine, extended, true);
    CHECK_EQUAL(divided.scale, rescaled.scale);
    const SmallSecret secret = random_secret(256);
    CHECK(apart(*engine, divided, rescaled, secret) <= 2 * 256);
    CHECK_THROWS("FHE0801", divide(*engine, extend(*engine, random_ciphertext(*engine, 2, 0)), true));
    CHECK_THROWS("FHE0801", extend(*engine, random_ciphertext(*engine, 3, 2)));
  }
}

TEST(extended_turns_and_sums_stay_within_the_noise) {
  for (int trial = 0; trial < 6; trial++) {
    const auto engine = random_engine(shape_of(trial));
    const SmallSecret secret = random_secret(256);
    const KeyMaker maker(*engine, copy_of(secret));
    std::vector<SwitchKey> keys;
    for (const std::int64_t steps : {1, 5, 64}) keys.push_back(expand(*engine, maker.galois(galois_element(steps, 256), 4)));
    std::vector<const SwitchKey*> pointers;
    for (const SwitchKey& key : keys) pointers.push_back(&key);
    const std::size_t level = 2 + random_below(3);
    const double bound = key_switch_bound(*engine, keys[0], level);
    const Ciphertext a = random_ciphertext(*engine, 2, level);
    const Ciphertext b = random_ciphertext(*engine, 2, level);
    const ExtendedCiphertext extended_b = extend(*engine, b);

    // Turned once, with either kind of addend.
    const Ciphertext expected = rotate_add(*engine, a, keys[1], b);
    const SwitchKey* const second[] = {&keys[1]};
    for (const Operand& addend : {Operand(&b), Operand(&extended_b)}) {
      const ExtendedCiphertext sum = std::move(turn_many(*engine, &a, second, addend).front());
      CHECK(apart(*engine, divide(*engine, sum, false), expected, secret) <= 2 * bound);
      // And once more, from the extended form.
      const Ciphertext again = divide(*engine, turn_many(*engine, &sum, second, Operand(&a)).front(), false);
      CHECK(apart(*engine, again, rotate_add(*engine, expected, keys[1], a), secret) <= 4 * bound);
    }

    // A matrix: babies are not divided before they are summed.
    std::vector<ExtendedCiphertext> babies = turn_many(*engine, &a, pointers, std::nullopt);
    const std::vector<Ciphertext> turned = rotate_many(*engine, a, pointers);
    babies.push_back(extend(*engine, a));
    std::vector<const ExtendedCiphertext*> inputs;
    for (const ExtendedCiphertext& baby : babies) inputs.push_back(&baby);
    std::vector<const Ciphertext*> plain_inputs;
    for (const Ciphertext& baby : turned) plain_inputs.push_back(&baby);
    plain_inputs.push_back(&a);
    std::vector<Plaintext> weights;
    for (int k = 0; k < 8; k++) weights.push_back(small_weight(*engine, level));
    std::vector<std::vector<WeightedTerm>> rows(2);
    for (std::size_t k = 0; k < 8; k++) rows[k / 4].push_back({k % 4, &weights[k]});
    const std::vector<ExtendedCiphertext> sums = weighted_sums(*engine, inputs, rows);
    const std::vector<Ciphertext> plain_sums = weighted_sums(*engine, plain_inputs, rows);
    for (std::size_t r = 0; r < 2; r++) {
      // Weights are below 5 in every slot, so their coefficients sum to at most 5 N.
      CHECK(apart(*engine, divide(*engine, sums[r], false), plain_sums[r], secret) <= 4 * 5 * 256 * bound);
    }
  }
}

TEST(extended_refuses_what_does_not_fit) {
  const auto engine = random_engine(shape_of(0));
  const KeyMaker maker(*engine, random_secret(256));
  const SwitchKey key = expand(*engine, maker.galois(galois_element(1, 256), 2));
  const SwitchKey* const keys[] = {&key};
  const Ciphertext a = random_ciphertext(*engine, 2, 2);
  const Ciphertext lower = random_ciphertext(*engine, 2, 1);
  const Ciphertext higher = random_ciphertext(*engine, 2, 3);
  Ciphertext other = random_ciphertext(*engine, 2, 2);
  other.scale = 2;
  CHECK(turn_many(*engine, &a, {}, std::nullopt).empty());
  CHECK_THROWS("FHE0801", turn_many(*engine, &higher, keys, std::nullopt));
  CHECK_THROWS("FHE0801", turn_many(*engine, &a, keys, Operand(&lower)));
  CHECK_THROWS("FHE0801", turn_many(*engine, &a, keys, Operand(&other)));
  const ExtendedCiphertext extended = extend(*engine, a);
  const ExtendedCiphertext* const inputs[] = {&extended};
  const Plaintext weight = plaintext_of(*engine, random_polynomial(*engine, 2), 2);
  const std::vector<std::vector<WeightedTerm>> rows{{{0, &weight}}};
  CHECK_THROWS("FHE0801", weighted_sums(*engine, inputs, rows));
}

}  // namespace fhec::test
