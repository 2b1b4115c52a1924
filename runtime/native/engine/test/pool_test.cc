#include "pool.hpp"

#include <atomic>
#include <chrono>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "check.hpp"

namespace fhec::test {

TEST(pool_runs_each_index_once) {
  for (const std::size_t threads : {1, 2, 5}) {
    Pool pool(threads);
    CHECK_EQUAL(pool.threads(), threads);
    for (int round = 0; round < 400; ++round) {
      const std::size_t count = random_below(40);
      std::vector<int> hits(count, 0);
      pool.for_each(count, [&](std::size_t i) { ++hits[i]; });
      for (const int hit : hits) CHECK_EQUAL(hit, 1);
    }
  }
  CHECK_EQUAL(Pool(0).threads(), std::size_t{1});
}

TEST(pool_wakes_after_sleep) {
  Pool pool(3);
  for (int round = 0; round < 5; ++round) {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    std::atomic<int> sum{0};
    pool.for_each(10, [&](std::size_t i) { sum += static_cast<int>(i); });
    CHECK_EQUAL(sum.load(), 45);
  }
}

TEST(pool_shares_the_work) {
  Pool pool(2);
  std::vector<std::thread::id> ids(2);
  // Each body waits for the other, so that one thread alone could not end the loop.
  std::atomic<int> arrived{0};
  pool.for_each(2, [&](std::size_t i) {
    ids[i] = std::this_thread::get_id();
    ++arrived;
    while (arrived.load() < 2) std::this_thread::yield();
  });
  CHECK(ids[0] != ids[1]);
}

TEST(pool_rethrows_and_goes_on) {
  Pool pool(3);
  for (int round = 0; round < 50; ++round) {
    std::string message;
    try {
      pool.for_each(20, [](std::size_t i) {
        if (i % 7 == 3) throw std::runtime_error("broken");
      });
    } catch (const std::runtime_error& error) {
      message = error.what();
    }
    CHECK_EQUAL(message, std::string("broken"));
    std::atomic<int> hits{0};
    pool.for_each(20, [&](std::size_t) { ++hits; });
    CHECK_EQUAL(hits.load(), 20);
  }
}

TEST(pool_runs_inner_loops_serially) {
  Pool pool(3);
  std::vector<int> sums(9, 0);
  pool.for_each(9, [&](std::size_t i) {
    const std::thread::id self = std::this_thread::get_id();
    pool.for_each(5, [&](std::size_t k) {
      CHECK(std::this_thread::get_id() == self);
      sums[i] += static_cast<int>(k);
    });
  });
  for (const int sum : sums) CHECK_EQUAL(sum, 10);
}

}  // namespace fhec::test
