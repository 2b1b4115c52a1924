#include "key_switch.hpp"

#include <string>

#include "evaluate.hpp"
#include "keys.hpp"
#include "rotation.hpp"

namespace fhec::test {
namespace {

std::vector<int> widths(std::size_t count, int least, int most) {
  std::vector<int> out;
  for (std::size_t i = 0; i < count; i++) out.push_back(least + static_cast<int>(random_below(static_cast<std::uint64_t>(most - least + 1))));
  return out;
}

/// Random primes, 1 to 4 special ones, so that digits have 1 to several primes.
EngineShape random_shape() {
  EngineShape shape;
  shape.degree = std::size_t{64} << random_below(4);
  shape.data = widths(1 + random_below(8), 30, 45);
  shape.special = widths(1 + random_below(4), 46, 60);
  shape.threads = 1 + random_below(2);
  shape.kernel = random_below(2) == 0 ? KernelChoice::portable : KernelChoice::automatic;
  return shape;
}

std::vector<Word> primes_of(const Ring& ring, std::size_t first, std::size_t count) {
  std::vector<Word> out;
  for (std::size_t i = 0; i < count; i++) out.push_back(ring.limbs[first + i].modulus.value);
  return out;
}

}  // namespace

TEST(digits_follow_the_rule) {
  const std::vector<Word> data = {97, 193, 257, 101, 103, 12289};
  const std::vector<Word> special = {1009, 20};
  // P = 20180: 97 * 193 = 18721 fits, with 257 it does not; 257 * 101 does not; 101 * 103 fits.
  const std::vector<Digit> digits = digits_of(data, special);
  const std::vector<Digit> expected = {{0, 2}, {2, 1}, {3, 2}, {5, 1}};
  CHECK_EQUAL(digits.size(), expected.size());
  for (std::size_t d = 0; d < digits.size(); d++) {
    CHECK_EQUAL(digits[d].first, expected[d].first);
    CHECK_EQUAL(digits[d].count, expected[d].count);
  }
  // A product equal to P still fits; a single prime above P stands alone.
  const std::vector<Word> exact = {97, 193};
  const std::vector<Word> product = {97 * 193};
  CHECK_EQUAL(digits_of(exact, product).size(), std::size_t{1});
  const std::vector<Word> small = {2};
  CHECK_EQUAL(digits_of(exact, small).size(), std::size_t{2});
  // Products of more than 64 bits.
  const std::vector<Word> wide = {(Word{1} << 60) - 93, (Word{1} << 60) - 107, (Word{1} << 60) - 173};
  const std::vector<Word> two = {(Word{1} << 60) - 93, (Word{1} << 60) - 107};
  CHECK_EQUAL(digits_of(wide, two).size(), std::size_t{2});
  CHECK_EQUAL(digits_at(digits_of(wide, two), 0).at(0).count, std::size_t{1});
}

TEST(relinearization_keeps_the_message) {
  for (int trial = 0; trial < 60; trial++) {
    const std::unique_ptr<Engine> engine = random_engine(random_shape());
    const Ring& ring = engine->ring();
    const SmallSecret secret = random_secret(ring.degree);
    const KeyMaker maker(*engine, copy_of(secret));
    const std::size_t key_level = random_below(ring.data_count);
    const std::size_t level = random_below(key_level + 1);
    const SwitchKey key = expand(*engine, maker.relinearization(key_level));
    const Ciphertext a = random_ciphertext(*engine, 3, level);
    const Ciphertext b = relinearize(*engine, a, key);
    CHECK_EQUAL(b.parts.size(), std::size_t{2});
    CHECK_EQUAL(b.level, level);
    const double noise = distance(*engine, phase(*engine, b, secret), phase(*engine, a, secret), level + 1);
    CHECK(noise <= key_switch_bound(*engine, key, level));
  }
}

TEST(key_switching_is_the_same_on_every_kernel_and_thread) {
  EngineShape shape{256, {50, 40, 36, 36, 36}, {50, 49}, 1, KernelChoice::portable};
  const std::unique_ptr<Engine> first = random_engine(shape);
  const std::vector<Word> data = primes_of(first->ring(), 0, 5);
  const std::vector<Word> special = primes_of(first->ring(), 5, 2);
  const KeyMaker maker(*first, random_secret(256));
  const SeededKey seeded = maker.relinearization(4);
  const Ciphertext a = random_ciphertext(*first, 3, 3);
  const auto run = [&](std::size_t threads, KernelChoice kernel) {
    EngineOptions options{256, data, special, threads, kernel, 0};
    Engine engine(options);
    SeededKey copy;
    copy.shape = seeded.shape;
    copy.seed = seeded.seed;
    copy.b = Polynomial(engine.memory(), 256, seeded.b.limb_count());
    for (std::size_t i = 0; i < seeded.b.limb_count(); i++) std::copy_n(seeded.b.limb(i), 256, copy.b.limb(i));
    const SwitchKey key = expand(engine, copy);
    const Ciphertext b = relinearize(engine, a, key);
    const Ciphertext c = relinearize_rescale(engine, a, key);
    std::vector<Word> words = words_of(engine, b);
    const std::vector<Word> rescaled = words_of(engine, c);
    words.insert(words.end(), rescaled.begin(), rescaled.end());
    return words;
  };
  const std::vector<Word> expected = run(1, KernelChoice::portable);
  CHECK(run(2, KernelChoice::portable) == expected);
  CHECK(run(1, KernelChoice::automatic) == expected);
  CHECK(run(2, KernelChoice::automatic) == expected);
}

TEST(relinearize_and_rescale_in_one_rounding) {
  for (int trial = 0; trial < 30; trial++) {
    EngineShape shape = random_shape();
    shape.data.push_back(40);
    const std::unique_ptr<Engine> engine = random_engine(shape);
    const Ring& ring = engine->ring();
    const std::size_t top = ring.data_count - 1;
    const std::size_t level = 1 + random_below(top);
    const SmallSecret secret = random_secret(ring.degree);
    const SwitchKey key = expand(*engine, KeyMaker(*engine, copy_of(secret)).relinearization(top));
    const Ciphertext a = random_ciphertext(*engine, 3, level);
    const Ciphertext once = relinearize_rescale(*engine, a, key);
    CHECK_EQUAL(once.level, level - 1);
    CHECK_EQUAL(once.scale, 1 / static_cast<double>(ring.limbs[level].modulus.value));
    const Ciphertext twice = rescale(*engine, relinearize(*engine, a, key));
    const double noise = distance(*engine, phase(*engine, once, secret), phase(*engine, twice, secret), level);
    CHECK(noise <= 2 * key_switch_bound(*engine, key, level));
  }
}

TEST(relinearize_and_rescale_ends_above_level_0) {
  const std::unique_ptr<Engine> engine = random_engine({64, {40, 30}, {50}});
  const SwitchKey key = expand(*engine, KeyMaker(*engine, random_secret(64)).relinearization(1));
  CHECK_THROWS("FHE0801", relinearize_rescale(*engine, random_ciphertext(*engine, 3, 0), key));
}

TEST(keys_of_lower_levels_are_refused) {
  const std::unique_ptr<Engine> engine = random_engine({64, {40, 30, 30, 30}, {50, 50}});
  const KeyMaker maker(*engine, random_secret(64));
  const SwitchKey low = expand(*engine, maker.relinearization(1));
  const Ciphertext a = random_ciphertext(*engine, 3, 2);
  CHECK_THROWS("FHE0801", relinearize(*engine, a, low));
  CHECK_THROWS("FHE0801", relinearize_rescale(*engine, a, low));
  CHECK_THROWS("FHE0801", rotate(*engine, random_ciphertext(*engine, 2, 3), expand(*engine, maker.galois(3, 0))));
}

TEST(sparse_encapsulation_goes_there_and_back) {
  for (int trial = 0; trial < 10; trial++) {
    const std::unique_ptr<Engine> engine = random_engine({256, {48, 36, 36, 36}, {50, 50}});
    const SmallSecret secret = random_secret(256);
    const KeyMaker maker(*engine, copy_of(secret));
    const SmallSecret sparse = maker.sparse_secret(32);
    const SwitchKey down = expand(*engine, maker.to_sparse(sparse));
    const SwitchKey up = expand(*engine, maker.to_dense(sparse, 3));
    CHECK_EQUAL(down.shape().basis.limb_count(), std::size_t{2});
    const Ciphertext a = random_ciphertext(*engine, 2, 0);
    const Ciphertext b = switch_secret(*engine, a, down);
    CHECK(distance(*engine, phase(*engine, b, sparse), phase(*engine, a, secret), 1) <= key_switch_bound(*engine, down, 0));
    const Ciphertext c = random_ciphertext(*engine, 2, 3);
    const Ciphertext d = switch_secret(*engine, c, up);
    CHECK(distance(*engine, phase(*engine, d, secret), phase(*engine, c, sparse), 4) <= key_switch_bound(*engine, up, 3));
    CHECK_THROWS("FHE0801", switch_secret(*engine, c, down));
  }
}

}  // namespace fhec::test
