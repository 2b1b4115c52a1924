#include "transfer.hpp"

#include <algorithm>
#include <limits>

#include "blake2.hpp"
#include "check.hpp"
#include "keys.hpp"
#include "seal_format.hpp"

namespace fhec::test {
namespace {

std::vector<std::uint8_t> words_of(Engine& engine, const Ciphertext& a) {
  std::vector<std::uint8_t> bytes(export_bytes(engine, a));
  export_ciphertext(engine, a, bytes.data());
  return bytes;
}

std::string hex(std::span<const std::uint8_t> bytes) {
  std::string out;
  for (const std::uint8_t b : bytes) {
    out += "0123456789abcdef"[b >> 4];
    out += "0123456789abcdef"[b & 15];
  }
  return out;
}

}  // namespace

TEST(transfer_gives_back_what_it_took) {
  const auto engine = random_engine({.degree = 64, .data = {50, 30, 60}, .special = {}, .threads = 2});
  for (const std::size_t parts : {2, 3}) {
    const Ciphertext a = random_ciphertext(*engine, parts, 1);
    const auto bytes = words_of(*engine, a);
    CHECK_EQUAL(bytes.size(), parts * 2 * 64 * 8);
    // At an odd address: files have their words anywhere.
    std::vector<std::uint8_t> moved(bytes.size() + 1);
    std::copy(bytes.begin(), bytes.end(), moved.begin() + 1);
    const Ciphertext b = import_ciphertext(*engine, std::span(moved).subspan(1), parts, 1, 2.0);
    CHECK(words_of(*engine, b) == bytes);
    CHECK_EQUAL(b.scale, 2.0);
  }
}

TEST(transfer_refuses_damaged_words) {
  const auto engine = random_engine({.degree = 64, .data = {50, 30, 60}, .special = {}, .threads = 2});
  const Ciphertext a = random_ciphertext(*engine, 2, 2);
  const auto bytes = words_of(*engine, a);
  for (int i = 0; i < 2000; i++) {
    auto mutant = bytes;
    const std::size_t word = random_below(mutant.size() / 8);
    const Word q = engine->ring().limbs[word / 64 % 3].modulus.value;
    const Word bad = random_below(2) == 0 ? q + random_below(~q) : q;
    for (int b = 0; b < 8; b++) mutant[word * 8 + static_cast<std::size_t>(b)] = static_cast<std::uint8_t>(bad >> (8 * b));
    CHECK_THROWS("FHE0702", import_ciphertext(*engine, mutant, 2, 2, 1));
  }
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, bytes.size() - 8, bytes.size() - 1})
    CHECK_THROWS("FHE0702", import_ciphertext(*engine, std::span(bytes).first(size), 2, 2, 1));
  CHECK_THROWS("FHE0702", import_ciphertext(*engine, bytes, 2, 1, 1));
  CHECK_THROWS("FHE0702", import_ciphertext(*engine, bytes, 3, 2, 1));
  CHECK_THROWS("FHE0801", import_ciphertext(*engine, bytes, 2, 3, 1));
  CHECK_THROWS("FHE0801", import_ciphertext(*engine, bytes, 4, 2, 1));
  CHECK_THROWS("FHE0801", import_ciphertext(*engine, bytes, 0, 2, 1));
  CHECK_THROWS("FHE0801", import_ciphertext(*engine, bytes, 2, 2, 0));
  CHECK_THROWS("FHE0801", import_ciphertext(*engine, bytes, 2, 2, std::numeric_limits<double>::infinity()));
  const std::vector<std::uint8_t> seed(63);
  CHECK_THROWS("FHE0702", import_seeded_ciphertext(*engine, std::span(bytes).first(bytes.size() / 2), seed, 2, 1));
}

TEST(transfer_writes_constants_out) {
  const auto engine = random_engine({.degree = 64, .data = {50, 30}, .special = {}});
  Plaintext p;
  p.level = 1;
  p.constants = {7, 9};
  std::vector<std::uint8_t> bytes(2 * 64 * 8);
  export_plaintext(*engine, p, bytes.data());
  const Plaintext back = import_plaintext(*engine, bytes, 1, 1);
  for (std::size_t k = 0; k < 64; k++) {
    CHECK_EQUAL(words_of(*engine, back, 0)[k], Word{7});
    CHECK_EQUAL(words_of(*engine, back, 1)[k], Word{9});
  }
}

TEST(blake2b_gives_known_digests) {
  // By Python's hashlib.
  std::vector<std::uint8_t> input = {'a', 'b', 'c'};
  std::vector<std::uint8_t> out(64);
  blake2b(out, input);
  CHECK_EQUAL(hex(out), std::string("ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d17d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923"));
  input.clear();
  out.resize(20);
  blake2b(out, input);
  CHECK_EQUAL(hex(out), std::string("3345524abf6bbe1809449224b5972c41790b6cf2"));
  for (std::size_t i = 0; i < 200; i++) input.push_back(static_cast<std::uint8_t>(i));
  out.resize(32);
  blake2b(out, input);
  CHECK_EQUAL(hex(out), std::string("63c3d97a9f8894d5e043a707b0fee7f7ec4c049a23bbf1079df20b4165f9e22d"));
  input.resize(128);
  out.resize(64);
  blake2b(out, input);
  CHECK_EQUAL(hex(out), std::string("2319e3789c47e2daa5fe807f61bec2a1a6537fa03f19ff32e87eecbfd64b7e0e8ccff439ac333b040f19b0c4ddd11a61e24ac1fe0f10a039806c5dcc0da3d115"));
}

TEST(seal_seeds_give_words_below_their_primes) {
  const auto engine = random_engine({.degree = 64, .data = {61, 20}, .special = {}});
  const std::vector<Word> primes = {engine->ring().limbs[0].modulus.value, engine->ring().limbs[1].modulus.value};
  std::array<std::uint8_t, 64> seed{};
  seed[0] = 1;
  std::vector<Word> words(2 * 64), again(2 * 64), other(2 * 64);
  expand_seal_seed(words.data(), 64, primes, seed);
  expand_seal_seed(again.data(), 64, primes, seed);
  seed[63] = 1;
  expand_seal_seed(other.data(), 64, primes, seed);
  CHECK(words == again);
  CHECK(words != other);
  for (std::size_t j = 0; j < 128; j++) CHECK(words[j] < engine->ring().limbs[j / 64].modulus.value);
}

}  // namespace fhec::test
