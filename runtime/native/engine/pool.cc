#include "pool.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace fhec {
namespace {

/// Whether this thread runs a body now, so that a loop inside it stays on this thread.
thread_local bool inside_body = false;

inline void pause() noexcept {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#else
  std::this_thread::yield();
#endif
}

/// Waits for `ready` for about 50 us without giving the core away; returns whether it came true. Waking a sleeping thread takes as long as
/// many of the loops.
template <class Ready>
bool spin_until(const Ready& ready) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::microseconds(50);
  do {
    for (int i = 0; i < 32; ++i) {
      if (ready()) return true;
      pause();
    }
  } while (std::chrono::steady_clock::now() < end);
  return ready();
}

}  // namespace

struct Pool::State {
  std::vector<std::thread> workers;
  std::mutex mutex;
  std::condition_variable wake;
  std::size_t sleeping = 0;

  /// Counts the loops; a change calls the workers.
  std::atomic<std::uint64_t> loop{0};
  std::atomic<bool> stop{false};
  /// Whether a worker that arrives may take part. A worker first counts itself in `inside`, then looks at `open`; the caller first closes,
  /// then waits for `inside` to be zero. So a worker that wakes late never delays a loop that the others have finished.
  std::atomic<bool> open{false};
  std::atomic<std::size_t> inside{0};

  /// The loop that is open.
  std::atomic<std::size_t> next{0};
  std::size_t count = 0;
  const std::function<void(std::size_t)>* body = nullptr;
  std::mutex failure_mutex;
  std::exception_ptr failure;

  void take_part() noexcept {
    inside_body = true;
    for (;;) {
      const std::size_t i = next.fetch_add(1, std::memory_order_relaxed);
      if (i >= count) break;
      try {
        (*body)(i);
      } catch (...) {
        next.store(count, std::memory_order_relaxed);
        const std::lock_guard<std::mutex> lock(failure_mutex);
        if (!failure) failure = std::current_exception();
      }
    }
    inside_body = false;
  }

  void work() noexcept {
    std::uint64_t seen = 0;
    for (;;) {
      const auto called = [&] { return loop.load(std::memory_order_acquire) != seen; };
      if (!spin_until(called)) {
        std::unique_lock<std::mutex> lock(mutex);
        ++sleeping;
        wake.wait(lock, called);
        --sleeping;
      }
      seen = loop.load(std::memory_order_acquire);
      if (stop.load(std::memory_order_acquire)) return;
      inside.fetch_add(1);
      if (open.load()) take_part();
      inside.fetch_sub(1);
    }
  }

  void call_workers() {
    loop.fetch_add(1, std::memory_order_release);
    bool any = false;
    {
      // A worker that is about to sleep holds the lock from its last look at `loop` on, so that it is not missed.
      const std::lock_guard<std::mutex> lock(mutex);
      any = sleeping != 0;
    }
    if (any) wake.notify_all();
  }

  void end() noexcept {
    stop.store(true, std::memory_order_release);
    call_workers();
    for (std::thread& worker : workers) worker.join();
  }
};

Pool::Pool(std::size_t threads) : state_(std::make_unique<State>()) {
  try {
    for (std::size_t i = 1; i < threads; ++i) {
      state_->workers.emplace_back([state = state_.get()] { state->work(); });
    }
  } catch (...) {
    state_->end();
    throw;
  }
}

Pool::~Pool() { state_->end(); }

std::size_t Pool::threads() const noexcept { return state_->workers.size() + 1; }

void Pool::for_each(std::size_t count, const std::function<void(std::size_t)>& body) {
  State& state = *state_;
  // A loop of one body leaves the workers to the loops inside it.
  if (count <= 1 || state.workers.empty() || inside_body) {
    for (std::size_t i = 0; i < count; ++i) body(i);
    return;
  }
  state.body = &body;
  state.count = count;
  state.next.store(0, std::memory_order_relaxed);
  state.open.store(true);
  state.call_workers();
  state.take_part();
  state.open.store(false);
  const auto done = [&] { return state.inside.load() == 0; };
  while (!spin_until(done)) std::this_thread::yield();
  if (state.failure) {
    std::rethrow_exception(std::exchange(state.failure, nullptr));
  }
}

}  // namespace fhec
