#pragma once

#include <cstddef>
#include <cstdint>
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
/// use, and refuses beyond a budget with FHE0805. What it keeps beside what is in use stays below the budget, or where there is none below an eighth
/// more than was ever in use: the sizes that were asked for longest ago give way. Buffers whose size divides a huge page, as limbs do, are blocks cut
/// from one. Safe to use from several threads. It outlives its buffers.
class Memory {
 public:
  /// `budget` in bytes; 0 for no limit.
  explicit Memory(std::size_t budget);
  ~Memory();
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;

  std::size_t bytes_in_use() const noexcept;
  std::size_t peak_bytes() const noexcept;
  /// What is in use and what is kept.
  std::size_t bytes_held() const noexcept;
  /// Gives kept buffers back to the system.
  void trim() noexcept;

 private:
  friend class Buffer;
  Word* take(std::size_t words);
  void give(Word* data, std::size_t words) noexcept;

  /// Freed buffers of one size.
  struct Kept {
    std::vector<Word*> buffers;
    /// Blocks that hold no memory.
    std::vector<Word*> vacant;
    /// How many blocks there are, in use or not.
    std::size_t blocks = 0;
    std::uint64_t last_use = 0;
  };
  struct Freed {
    Word* data;
    std::size_t bytes;
  };
  /// Takes kept buffers out until what is in use fits beside the rest. The caller holds the lock, and releases them after it.
  std::vector<Freed> make_room();
  /// A block of a slab. Null when the system has no more.
  Word* take_block(std::size_t bytes);

  mutable std::mutex mutex_;
  std::unordered_map<std::size_t, Kept> kept_;
  /// Huge pages that blocks are cut from.
  std::vector<Word*> slabs_;
  std::uint64_t uses_ = 0;
  std::size_t budget_ = 0;
  std::size_t in_use_ = 0;
  std::size_t held_ = 0;
  std::size_t peak_ = 0;
};

}  // namespace fhec
