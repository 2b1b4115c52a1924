#include "rotation.hpp"

#include "evaluate.hpp"
#include "keys.hpp"

namespace fhec::test {
namespace {

/// The ciphertext with X -> X^element on its message: what a rotation must decrypt to, up to noise.
Polynomial rotated_phase(Engine& engine, const Ciphertext& a, const SmallSecret& secret, std::uint64_t element) {
  const Polynomial straight = phase(engine, a, secret);
  Polynomial out(engine.memory(), engine.ring().degree, a.level + 1);
  for (std::size_t j = 0; j <= a.level; j++)
    engine.ring().limbs[j].kernel->gather(out.limb(j), straight.limb(j), engine.automorphisms().table(element).data(), engine.ring().degree);
  return out;
}

EngineShape shape_of(int trial) {
  EngineShape shape{256, {48, 36, 40, 36, 36, 45}, {50}, 1 + random_below(2)};
  for (int i = 0; i < trial % 4; i++) shape.special.push_back(49);
  shape.kernel = trial % 3 == 0 ? KernelChoice::portable : KernelChoice::automatic;
  return shape;
}

}  // namespace

TEST(rotation_inverts_elements) {
  for (std::uint64_t element = 1; element < 512; element += 2) CHECK_EQUAL(element * inverse_element(element, 256) % 512, std::uint64_t{1});
}

TEST(rotation_turns_the_message) {
  for (int trial = 0; trial < 24; trial++) {
    const std::unique_ptr<Engine> engine = random_engine(shape_of(trial));
    const SmallSecret secret = random_secret(256);
    const KeyMaker maker(*engine, copy_of(secret));
    const std::uint64_t element = trial % 5 == 0 ? 511 : galois_element(static_cast<std::int64_t>(1 + random_below(127)), 256);
    const std::size_t key_level = random_below(6);
    const std::size_t level = random_below(key_level + 1);
    const SwitchKey key = expand(*engine, maker.galois(element, key_level));
    CHECK_EQUAL(key.shape().element, element);
    const Ciphertext a = random_ciphertext(*engine, 2, level);
    const Ciphertext b = rotate(*engine, a, key);
    const double noise = distance(*engine, phase(*engine, b, secret), rotated_phase(*engine, a, secret, element), level + 1);
    CHECK(noise <= key_switch_bound(*engine, key, level));
    // The coefficients of the rotated secret are those of the secret, in other places: the two ways to rotate agree.
    CHECK(distance(*engine, rotated_phase(*engine, a, secret, element),
                   phase(*engine, apply_automorphism(*engine, a, element), automorphism_of(secret, element)), level + 1) == 0);
  }
}

TEST(rotations_hoisted_are_those_one_by_one) {
  const std::unique_ptr<Engine> engine = random_engine({256, {48, 36, 36, 36}, {50, 50}, 2});
  const KeyMaker maker(*engine, random_secret(256));
  std::vector<SwitchKey> keys;
  for (const std::int64_t steps : {1, 5, 64}) keys.push_back(expand(*engine, maker.galois(galois_element(steps, 256), 3)));
  std::vector<const SwitchKey*> pointers;
  for (const SwitchKey& key : keys) pointers.push_back(&key);
  const Ciphertext a = random_ciphertext(*engine, 2, 2);
  const std::vector<Ciphertext> all = rotate_many(*engine, a, pointers);
  CHECK_EQUAL(all.size(), keys.size());
  for (std::size_t k = 0; k < keys.size(); k++) {
    const Ciphertext one = rotate(*engine, a, keys[k]);
    CHECK(words_of(*engine, one) == words_of(*engine, all[k]));
  }
  CHECK_THROWS("FHE0801", rotate(*engine, random_ciphertext(*engine, 3, 2), keys[0]));
  CHECK(rotate_many(*engine, a, {}).empty());
}

TEST(rotation_with_an_addend_is_both_one_by_one) {
  for (int trial = 0; trial < 6; trial++) {
    const std::unique_ptr<Engine> engine = random_engine(shape_of(trial));
    const KeyMaker maker(*engine, random_secret(256));
    const SwitchKey key = expand(*engine, maker.galois(galois_element(5, 256), 4));
    const Ciphertext a = random_ciphertext(*engine, 2, 3);
    Ciphertext addend = random_ciphertext(*engine, 2, 3);
    addend.scale = 1 + 1e-12;
    CHECK_EQUAL(add_rotated(*engine, addend, a, key).scale, addend.scale);
    CHECK_EQUAL(rotate_add(*engine, a, key, addend).scale, a.scale);
    const Ciphertext both = rotate_add(*engine, a, key, addend);
    const Ciphertext apart = add(*engine, rotate(*engine, a, key), addend);
    CHECK(words_of(*engine, both) == words_of(*engine, apart));
    CHECK_THROWS("FHE0801", rotate_add(*engine, a, key, random_ciphertext(*engine, 2, 2)));
    CHECK_THROWS("FHE0801", rotate_add(*engine, a, key, random_ciphertext(*engine, 3, 3)));
  }
}

TEST(rotation_with_a_key_in_the_form_of_seal) {
  const std::unique_ptr<Engine> engine = random_engine({128, {48, 36, 36}, {50}});
  const SmallSecret secret = random_secret(128);
  const std::uint64_t element = galois_element(7, 128);
  // A key from s(X^element) to s: that of the maker of the rotated secret, seen from the other side.
  const KeyMaker maker(*engine, copy_of(secret));
  SwitchKey key = expand(*engine, maker.to_dense(automorphism_of(secret, element), 2));
  rotate_back(*engine, key, element);
  const Ciphertext a = random_ciphertext(*engine, 2, 2);
  const double noise = distance(*engine, phase(*engine, rotate(*engine, a, key), secret), rotated_phase(*engine, a, secret, element), 3);
  CHECK(noise <= key_switch_bound(*engine, key, 2));
}

}  // namespace fhec::test
