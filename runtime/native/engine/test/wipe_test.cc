#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <new>
#include <optional>

#include "keys.hpp"

namespace {

/// A block of memory whose bytes are looked at just before it is freed.
std::atomic<const void*> watched{nullptr};
std::atomic<std::size_t> watched_bytes{0};
std::atomic<int> left_over{-1};

void look(const void* block) noexcept {
  if (block == nullptr || block != watched.load()) return;
  watched = nullptr;
  const auto* const bytes = static_cast<const unsigned char*>(block);
  left_over = static_cast<int>(std::count_if(bytes, bytes + watched_bytes, [](unsigned char b) { return b != 0; }));
}

}  // namespace

// Replaces the allocation of the whole executable.
void* operator new(std::size_t bytes) {
  if (void* const block = std::malloc(bytes == 0 ? 1 : bytes)) return block;
  throw std::bad_alloc();
}
void operator delete(void* block) noexcept {
  look(block);
  std::free(block);
}
void operator delete(void* block, std::size_t) noexcept {
  look(block);
  std::free(block);
}

namespace fhec::test {
namespace {

/// How many bytes of these are not zero when `end` has freed them; -1 when it has not.
template <class End>
int left_behind(const void* block, std::size_t bytes, const End& end) {
  left_over = -1;
  watched_bytes = bytes;
  watched = block;
  end();
  watched = nullptr;
  return left_over;
}

}  // namespace

TEST(wipe_the_secret_of_a_key_maker) {
  const std::unique_ptr<Engine> engine = random_engine({1024, {50, 36}, {50}});
  SmallSecret secret = random_secret(1024);
  std::optional<KeyMaker> maker;
  const std::int8_t* const coefficients = secret.coefficients().data();
  maker.emplace(*engine, std::move(secret));
  static_cast<void>(maker->relinearization(1));
  CHECK_EQUAL(left_behind(coefficients, 1024, [&] { maker.reset(); }), 0);
  // What is not wiped is found.
  auto plain = std::make_unique<std::vector<std::int8_t>>(1024, std::int8_t{1});
  CHECK_EQUAL(left_behind(plain->data(), 1024, [&] { plain.reset(); }), 1024);
}

TEST(wipe_what_keys_are_made_in) {
  const std::unique_ptr<Engine> engine = random_engine({256, {50, 36}, {50}});
  const Ring& ring = engine->ring();
  const SmallSecret secret = random_secret(256);
  {
    const KeyMaker maker(*engine, copy_of(secret));
    static_cast<void>(maker.galois(3, 1));
    static_cast<void>(maker.relinearization(1));
  }
  // The engine's memory gives its last buffers first: none of them holds the secret or its square modulo a prime.
  std::vector<Buffer> reused;
  for (int i = 0; i < 64; i++) reused.emplace_back(engine->memory(), 256);
  for (const Limb& limb : ring.limbs) {
    AlignedWords words(256);
    secret.to_limb(words.data(), limb);
    AlignedWords square(256);
    limb.kernel->multiply(square.data(), words.data(), words.data(), 256, limb.modulus);
    for (const Buffer& buffer : reused) {
      CHECK(!std::equal(words.begin(), words.end(), buffer.data()));
      CHECK(!std::equal(square.begin(), square.end(), buffer.data()));
    }
  }
}

}  // namespace fhec::test
