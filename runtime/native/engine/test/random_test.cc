#include "random.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>

#include "limbs.hpp"
#include "secret.hpp"

namespace fhec::test {
namespace {

Seed counting_seed() {
  Seed seed;
  for (std::size_t i = 0; i < seed.size(); i++) seed[i] = static_cast<std::uint8_t>(i);
  return seed;
}

/// The distributions are tested on fixed streams, so that nothing fails by chance; the seed of the run does not matter.
ChaCha20 fixed_stream(std::uint32_t number) { return ChaCha20(counting_seed(), {number, 0, 0}); }

/// Chi-square against expected counts, in standard deviations of the statistic beyond its mean.
double excess(const std::vector<double>& counts, const std::vector<double>& expected) {
  double statistic = 0;
  for (std::size_t i = 0; i < counts.size(); i++) statistic += (counts[i] - expected[i]) * (counts[i] - expected[i]) / expected[i];
  const double freedom = static_cast<double>(counts.size()) - 1;
  return (statistic - freedom) / std::sqrt(2 * freedom);
}

}  // namespace

TEST(random_chacha20_meets_its_rfc) {
  // RFC 8439, section 2.3.2: block 1, here the second of the stream.
  ChaCha20 stream(counting_seed(), {0x09000000, 0x4a000000, 0});
  Word words[16];
  stream.fill(words);
  const unsigned char expected[64] = {
      0x10, 0xf1, 0xe7, 0xe4, 0xd1, 0x3b, 0x59, 0x15, 0x50, 0x0f, 0xdd, 0x1f, 0xa3, 0x20, 0x71, 0xc4,
      0xc7, 0xd1, 0xf4, 0xc7, 0x33, 0xc0, 0x68, 0x03, 0x04, 0x22, 0xaa, 0x9a, 0xc3, 0xd4, 0x6c, 0x4e,
      0xd2, 0x82, 0x64, 0x46, 0x07, 0x9f, 0xaa, 0x09, 0x14, 0xc2, 0xd7, 0x05, 0xd9, 0x8b, 0x02, 0xa2,
      0xb5, 0x12, 0x9c, 0xd1, 0xde, 0x16, 0x4e, 0xb9, 0xcb, 0xd0, 0x83, 0xe8, 0xa2, 0x50, 0x3c, 0x4e};
  CHECK(std::memcmp(words + 8, expected, 64) == 0);
  // Section A.1, test vector 1: the zero key, block 0.
  ChaCha20 zero(Seed{}, {0, 0, 0});
  CHECK_EQUAL(zero.next(), Word{0x903df1a0ade0b876});
  // Section A.1, test vectors 1 and 2 lie one after another; the stream goes on beyond one batch of blocks.
  Word rest[15 + 16 * 40];
  zero.fill(rest);
  CHECK_EQUAL(rest[7], Word{0x7a385155bee7079f});
  ChaCha20 again(Seed{}, {0, 0, 0});
  for (int i = 0; i < 8 * 40; i++) static_cast<void>(again.next());
  CHECK_EQUAL(again.next(), rest[8 * 40 - 1]);
}

TEST(random_seeds_differ) {
  CHECK(system_seed() != system_seed());
}

TEST(random_uniform_words) {
  for (const int bits : {30, 36, 50, 60}) {
    const Modulus q(random_prime(bits, 64));
    ChaCha20 stream = fixed_stream(static_cast<std::uint32_t>(bits));
    std::vector<Word> words(1 << 16);
    sample_uniform(words, stream, q);
    std::vector<double> counts(256);
    for (const Word word : words) {
      CHECK(word < q.value);
      counts[static_cast<std::size_t>(static_cast<Wide>(word) * 256 / q.value)]++;
    }
    CHECK(std::abs(excess(counts, std::vector<double>(256, 256.0))) < 6);
  }
  ChaCha20 stream = fixed_stream(1);
  std::vector<double> counts(10);
  for (int i = 0; i < 100000; i++) counts[sample_below(stream, 10)]++;
  CHECK(std::abs(excess(counts, std::vector<double>(10, 10000.0))) < 6);
  CHECK_EQUAL(sample_below(stream, 1), Word{0});
}

TEST(random_gaussian) {
  constexpr int bound = 19;
  constexpr double sigma = 3.2;
  ChaCha20 stream = fixed_stream(2);
  std::vector<std::int8_t> values(1 << 20);
  sample_gaussian(values, stream);
  double total = 0;
  for (int x = -bound; x <= bound; x++) total += std::exp(-x * x / (2 * sigma * sigma));
  // Values beyond 13 are too rare to count one by one.
  std::map<int, double> counted;
  double square = 0;
  for (const std::int8_t x : values) {
    CHECK(std::abs(x) <= bound);
    counted[std::clamp<int>(x, -13, 13)]++;
    square += x * x;
  }
  std::vector<double> counts;
  std::vector<double> expected;
  for (int x = -13; x <= 13; x++) {
    double weight = 0;
    for (int y = -bound; y <= bound; y++) weight += std::clamp(y, -13, 13) == x ? std::exp(-y * y / (2 * sigma * sigma)) : 0;
    counts.push_back(counted[x]);
    expected.push_back(weight / total * static_cast<double>(values.size()));
  }
  CHECK(std::abs(excess(counts, expected)) < 6);
  CHECK(std::abs(std::sqrt(square / static_cast<double>(values.size())) - sigma) < 0.02);
}

TEST(random_ternary) {
  ChaCha20 stream = fixed_stream(3);
  std::vector<std::int8_t> values(90000);
  sample_ternary(values, stream);
  std::vector<double> counts(3);
  for (const std::int8_t x : values) counts.at(static_cast<std::size_t>(x + 1))++;
  CHECK(std::abs(excess(counts, std::vector<double>(3, 30000.0))) < 6);
}

TEST(random_sparse_ternary) {
  ChaCha20 stream = fixed_stream(4);
  std::vector<double> plus(64);
  std::vector<double> places(64);
  std::vector<std::int8_t> values(64);
  for (int trial = 0; trial < 4000; trial++) {
    sample_sparse_ternary(values, 16, stream);
    CHECK_EQUAL(std::count(values.begin(), values.end(), 0), std::ptrdiff_t{48});
    for (std::size_t k = 0; k < 64; k++) {
      places[k] += values[k] != 0;
      plus[k] += values[k] == 1;
    }
  }
  CHECK(std::abs(excess(places, std::vector<double>(64, 1000.0))) < 6);
  CHECK(std::abs(excess(plus, std::vector<double>(64, 500.0))) < 6);
  sample_sparse_ternary(values, 64, stream);
  CHECK_EQUAL(std::count(values.begin(), values.end(), 0), std::ptrdiff_t{0});
  CHECK_THROWS("FHE0801", sample_sparse_ternary(values, 65, stream));
}

TEST(random_secret_from_words) {
  const std::vector<Word> data = {random_prime(50, 256)};
  const std::vector<Word> special = {random_prime(51, 256)};
  const Ring ring = make_ring(256, data, special, KernelChoice::automatic);
  Memory memory(0);
  ChaCha20 stream = fixed_stream(5);
  SmallSecret secret(256);
  sample_ternary(secret.coefficients(), stream);
  AlignedWords words(256);
  secret.to_limb(words.data(), ring.limbs[0]);
  const SmallSecret again = ternary_secret(memory, ring, words);
  CHECK(std::equal(again.coefficients().begin(), again.coefficients().end(), secret.coefficients().begin()));
  CHECK_THROWS("FHE0702", ternary_secret(memory, ring, std::span<const Word>(words).first(128)));
  AlignedWords changed = words;
  changed[7] = (changed[7] + 1) % ring.limbs[0].modulus.value;
  CHECK_THROWS("FHE0702", ternary_secret(memory, ring, changed));
  changed[7] = ring.limbs[0].modulus.value;
  CHECK_THROWS("FHE0702", ternary_secret(memory, ring, changed));
}

}  // namespace fhec::test
