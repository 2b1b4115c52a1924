#include "seeded_key.hpp"

#include <algorithm>
#include <cstring>

#include "keys.hpp"

namespace fhec::test {
namespace {

using Bytes = std::vector<std::uint8_t>;

Bytes written(Engine& engine, const SeededKey& key) {
  Bytes bytes(seeded_key_bytes(engine.ring(), key.shape));
  write_seeded_key(engine, key, bytes);
  return bytes;
}

bool same_key(const SwitchKey& a, const SwitchKey& b, const Ring& ring) {
  CHECK_EQUAL(a.shape().digits.size(), b.shape().digits.size());
  CHECK_EQUAL(a.shape().element, b.shape().element);
  AlignedWords x(ring.degree);
  AlignedWords y(ring.degree);
  for (std::size_t half = 0; half < 2; half++) {
    for (std::size_t d = 0; d < a.shape().digits.size(); d++) {
      for (std::size_t j = 0; j < a.shape().basis.limb_count(); j++) {
        a.get(half, d, j, x.data());
        b.get(half, d, j, y.data());
        if (x != y) return false;
      }
    }
  }
  return true;
}

template <class T>
Bytes changed(const Bytes& bytes, std::size_t at, T value) {
  Bytes out = bytes;
  std::memcpy(out.data() + at, &value, sizeof value);
  return out;
}

}  // namespace

TEST(seeded_key_reads_what_it_wrote) {
  for (const EngineShape& shape : {EngineShape{64, {50, 36, 36, 36, 36}, {50, 49, 48}, 2}, EngineShape{128, {60, 40, 40}, {60}},
                                   EngineShape{64, {30, 30, 30}, {59, 58}}}) {
    const std::unique_ptr<Engine> engine = random_engine(shape);
    const Ring& ring = engine->ring();
    const KeyMaker maker(*engine, random_secret(shape.degree));
    for (std::size_t level = 0; level < ring.data_count; level++) {
      for (const SeededKey& key : {maker.relinearization(level), maker.galois(3, level)}) {
        const Bytes bytes = written(*engine, key);
        const SwitchKey read = read_seeded_key(*engine, bytes);
        CHECK(same_key(read, expand(*engine, key), ring));
        CHECK_EQUAL(read.shape().element, key.shape.element);
      }
    }
    const SmallSecret sparse = maker.sparse_secret(16);
    const SwitchKey down = read_seeded_key(*engine, written(*engine, maker.to_sparse(sparse)));
    CHECK_EQUAL(down.shape().basis.limb_count(), std::size_t{2});
  }
}

TEST(seeded_key_refuses_what_is_none) {
  const std::unique_ptr<Engine> engine = random_engine({64, {50, 36, 36}, {50, 49}});
  const Bytes good = written(*engine, KeyMaker(*engine, random_secret(64)).galois(3, 1));
  const auto refused = [&](const Bytes& bytes) { CHECK_THROWS("FHE0702", read_seeded_key(*engine, bytes)); };
  for (const std::size_t length : {std::size_t{0}, std::size_t{87}, std::size_t{88}, good.size() - 1}) refused(Bytes(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(length)));
  Bytes longer = good;
  longer.push_back(0);
  refused(longer);
  refused(changed<std::uint8_t>(good, 3, '2'));
  for (const std::uint32_t degree : {0U, 32U, 128U, ~0U}) refused(changed(good, 4, degree));
  for (const std::uint32_t level : {0U, 2U, 3U, ~0U}) refused(changed(good, 8, level));
  for (const std::uint32_t special : {0U, 1U, 3U, ~0U}) refused(changed(good, 12, special));
  for (const std::uint64_t element : {std::uint64_t{2}, std::uint64_t{128}, std::uint64_t{129}, ~std::uint64_t{0}}) refused(changed(good, 16, element));
  refused(changed<std::uint8_t>(good, 30, static_cast<std::uint8_t>(good[30] ^ 1)));
  // All ones are no word below a prime of that width.
  refused(changed(good, 88, ~std::uint64_t{0}));
  refused(changed(good, good.size() - 8, ~std::uint64_t{0}));
  const std::unique_ptr<Engine> other = random_engine({64, {50, 36, 36}, {50, 49}});
  CHECK_THROWS("FHE0702", read_seeded_key(*other, good));
  // Another seed is another key, which no one can tell.
  static_cast<void>(read_seeded_key(*engine, changed<std::uint8_t>(good, 56, 7)));
  CHECK_EQUAL(engine->memory().bytes_in_use(), std::size_t{0});
}

TEST(key_maker_takes_ternary_secrets_only) {
  const std::unique_ptr<Engine> engine = random_engine({64, {50, 36}, {50}});
  std::vector<std::int8_t> coefficients(64);
  coefficients[5] = -1;
  CHECK_EQUAL(static_cast<int>(ternary_secret(engine->ring(), coefficients).coefficients()[5]), -1);
  for (const int other : {2, -2, 127, -128}) {
    coefficients[9] = static_cast<std::int8_t>(other);
    CHECK_THROWS("FHE0702", ternary_secret(engine->ring(), coefficients));
  }
  coefficients.pop_back();
  CHECK_THROWS("FHE0702", ternary_secret(engine->ring(), coefficients));
}

}  // namespace fhec::test
