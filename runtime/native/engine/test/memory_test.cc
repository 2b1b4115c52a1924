#include "memory.hpp"

#include <algorithm>
#include <cstddef>
#include <set>
#include <thread>
#include <utility>
#include <vector>

#include "check.hpp"

namespace fhec::test {

TEST(memory_counts_and_reuses) {
  Memory memory(0);
  const Word* place = nullptr;
  {
    Buffer buffer(memory, 1000);
    place = buffer.data();
    CHECK_EQUAL(reinterpret_cast<std::uintptr_t>(place) % 64, std::uintptr_t{0});
    CHECK_EQUAL(buffer.words(), std::size_t{1000});
    CHECK_EQUAL(memory.bytes_in_use(), std::size_t{8000});
    Buffer other(memory, 3);
    CHECK_EQUAL(memory.bytes_in_use(), std::size_t{8064});
  }
  CHECK_EQUAL(memory.bytes_in_use(), std::size_t{0});
  CHECK_EQUAL(memory.peak_bytes(), std::size_t{8064});
  CHECK_EQUAL(static_cast<const Word*>(Buffer(memory, 1000).data()), place);
  memory.trim();
  CHECK_EQUAL(memory.bytes_in_use(), std::size_t{0});
  Buffer empty(memory, 0);
  CHECK_EQUAL(empty.words(), std::size_t{0});
}

TEST(memory_moves_buffers) {
  Memory memory(0);
  Buffer first(memory, 16);
  first.data()[15] = 7;
  Buffer second(std::move(first));
  CHECK_EQUAL(second.data()[15], Word{7});
  Buffer third;
  third = std::move(second);
  CHECK_EQUAL(third.data()[15], Word{7});
  CHECK_EQUAL(memory.bytes_in_use(), std::size_t{128});
  third = Buffer(memory, 8);
  CHECK_EQUAL(memory.bytes_in_use(), std::size_t{64});
  third = Buffer();
  CHECK_EQUAL(memory.bytes_in_use(), std::size_t{0});
}

TEST(memory_refuses_beyond_the_budget) {
  Memory memory(1 << 20);
  Buffer half(memory, 1 << 16);
  CHECK_THROWS("FHE0805", Buffer(memory, (1 << 16) + 1));
  CHECK_EQUAL(memory.bytes_in_use(), std::size_t{1 << 19});
  half = Buffer();
  // The kept buffer gives way to one of another size.
  Buffer all(memory, 1 << 17);
  CHECK_THROWS("FHE0805", Buffer(memory, 1));
  CHECK_THROWS("FHE0805", Buffer(memory, ~std::size_t{0}));
  CHECK_THROWS("FHE0805", Buffer(memory, ~std::size_t{0} / 8));
  CHECK_EQUAL(memory.bytes_in_use(), std::size_t{1 << 20});
}

TEST(memory_keeps_little_beside_what_was_ever_in_use) {
  Memory memory(0);
  Buffer always(memory, 1 << 10);
  for (std::size_t words = 8; words <= 1 << 12; words += 8) {
    Buffer once(memory, words);
    CHECK_EQUAL(memory.bytes_held() <= memory.peak_bytes() + memory.peak_bytes() / 8, true);
  }
  { const Buffer most(memory, 1 << 16); }
  // The size that is asked for again and again stays.
  const Word* place = Buffer(memory, 64).data();
  for (std::size_t words = 72; words <= 1 << 12; words += 8) {
    Buffer once(memory, words);
    CHECK_EQUAL(static_cast<const Word*>(Buffer(memory, 64).data()), place);
  }
}

TEST(memory_cuts_blocks_from_huge_pages) {
  constexpr std::size_t limb = 1 << 15;
  Memory memory(10 * limb * sizeof(Word));
  std::set<const Word*> places;
  const auto fill = [&] {
    std::vector<Buffer> blocks;
    for (Word i = 0; i < 10; i++) {
      blocks.emplace_back(memory, limb);
      std::fill_n(blocks.back().data(), limb, i);
      places.insert(blocks.back().data());
    }
    for (Word i = 0; i < 10; i++) CHECK_EQUAL(std::count(blocks[i].data(), blocks[i].data() + limb, i), std::ptrdiff_t{limb});
    CHECK_THROWS("FHE0805", Buffer(memory, 1));
  };
  fill();
  CHECK_EQUAL(memory.bytes_held(), 10 * limb * sizeof(Word));
  // Kept blocks give way to another size, and come back where they were.
  {
    Buffer large(memory, 9 * limb);
    CHECK_EQUAL(memory.bytes_held(), 10 * limb * sizeof(Word));
  }
  fill();
  memory.trim();
  CHECK_EQUAL(memory.bytes_held(), std::size_t{0});
  fill();
  CHECK_EQUAL(places.size() <= 16, true);
}

TEST(memory_refuses_what_the_system_lacks) {
  Memory memory(0);
  CHECK_THROWS("FHE0805", Buffer(memory, std::size_t{1} << 50));
  CHECK_EQUAL(memory.bytes_in_use(), std::size_t{0});
}

TEST(memory_serves_threads) {
  Memory memory(0);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&memory, t] {
      for (std::size_t round = 0; round < 500; ++round) {
        Buffer a(memory, 64 + 8 * (round % 3));
        Buffer b(memory, 128);
        for (std::size_t i = 0; i < b.words(); ++i) b.data()[i] = a.data()[i % 64] = static_cast<Word>(t);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK_EQUAL(memory.bytes_in_use(), std::size_t{0});
}

TEST(memory_backs_large_buffers) {
  Memory memory(0);
  Buffer large(memory, (std::size_t{1} << 19) + 8);
  large.data()[0] = 1;
  large.data()[large.words() - 1] = 2;
  CHECK_EQUAL(large.data()[0] + large.data()[large.words() - 1], Word{3});
}

}  // namespace fhec::test
