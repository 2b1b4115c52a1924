#pragma once

#include <cstddef>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "modulus.hpp"

namespace fhec {

class Memory;

/// Words that go back to their Memory when the buffer ends. Movable, 64-byte aligned, contents undefined when fresh.
class Buffer {
 public:
  Buffer() = default;
  Buffer(Memory& memory, std::size_t words);
  ~Buffer();
  Buffer(Buffer&& other) noexcept;
  Buffer& operator=(Buffer&& other) noexcept;
  Word* data() noexcept { return data_; }
  const Word* data() const noexcept { return data_; }
  std::size_t words() const noexcept { return words_; }

 private:
  Memory* memory_ = nullptr;
  Word* data_ = nullptr;
  std::size_t words_ = 0;
};

/// Owner of all large buffers: keeps freed ones for reuse by size (fresh pages cost more than the arithmetic on them), counts what is in
/// use, and refuses beyond a budget with FHE0805. Safe to use from several threads. It outlives its buffers.
class Memory {
 public:
  /// `budget` in bytes; 0 for no limit.
  explicit Memory(std::size_t budget);
  ~Memory();
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;

  std::size_t bytes_in_use() const noexcept;
  std::size_t peak_bytes() const noexcept;
  /// Gives kept buffers back to the system.
  void trim() noexcept;

 private:
  friend class Buffer;
  Word* take(std::size_t words);
  void give(Word* data, std::size_t words) noexcept;

  mutable std::mutex mutex_;
  std::unordered_map<std::size_t, std::vector<Word*>> kept_;
  std::size_t budget_ = 0;
  std::size_t in_use_ = 0;
  std::size_t held_ = 0;
  std::size_t peak_ = 0;
};

}  // namespace fhec
