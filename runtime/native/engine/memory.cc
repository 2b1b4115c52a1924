#include "memory.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <new>
#include <string>
#include <utility>

#include "error.hpp"

#ifdef __linux__
#include <sys/mman.h>
#endif

namespace fhec {
namespace {

constexpr std::size_t cache_line = 64;
/// From this size on buffers are mapped.
constexpr std::size_t huge_page = std::size_t{1} << 21;
/// The largest that systems have.
constexpr std::size_t page = std::size_t{1} << 16;
/// From this size on buffers that divide a huge page, as limbs do, are blocks cut from one.
constexpr std::size_t least_block = std::size_t{1} << 15;

constexpr std::size_t whole_pages(std::size_t bytes) noexcept { return (bytes + page - 1) / page * page; }

#ifdef __linux__
/// Whole pages of their own, at a multiple of a huge page: what is released goes back to the system, and leaves no gaps between what stays.
Word* map(std::size_t bytes) noexcept {
  void* const mapped = mmap(nullptr, bytes + huge_page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) return nullptr;
  auto* const begin = static_cast<std::byte*>(mapped);
  const std::size_t ahead = (huge_page - reinterpret_cast<std::uintptr_t>(begin) % huge_page) % huge_page;
  if (ahead != 0) munmap(begin, ahead);
  std::byte* const data = begin + ahead;
  munmap(data + bytes, huge_page - ahead);
  // Advice only: a polynomial of many limbs otherwise misses the translation buffer at every page.
  madvise(data, bytes, MADV_HUGEPAGE);
  return reinterpret_cast<Word*>(data);
}
#endif

constexpr bool is_block([[maybe_unused]] std::size_t bytes) noexcept {
#ifdef __linux__
  return bytes >= least_block && bytes < huge_page && huge_page % bytes == 0;
#else
  return false;
#endif
}

/// Null when the system has no more.
Word* allocate(std::size_t bytes) noexcept {
  if (bytes > std::numeric_limits<std::size_t>::max() / 2) return nullptr;
#ifdef __linux__
  if (bytes >= huge_page) return map(whole_pages(bytes));
#endif
  return static_cast<Word*>(::operator new(bytes, std::align_val_t{cache_line}, std::nothrow));
}

/// Gives memory back to the system. A block keeps its addresses, and has fresh pages when it is touched again.
void release(Word* data, std::size_t bytes) noexcept {
#ifdef __linux__
  if (bytes >= huge_page) {
    munmap(data, whole_pages(bytes));
    return;
  }
  if (is_block(bytes)) {
    madvise(data, bytes, MADV_DONTNEED);
    return;
  }
#endif
  ::operator delete(data, std::align_val_t{cache_line});
}

/// Whole cache lines.
std::size_t rounded(std::size_t words) {
  constexpr std::size_t line = cache_line / sizeof(Word);
  if (words > std::numeric_limits<std::size_t>::max() / sizeof(Word) - line) {
    throw Error("FHE0805", "A buffer of " + std::to_string(words) + " words is beyond any memory.");
  }
  return (words + line - 1) / line * line;
}

}  // namespace

Buffer::Buffer(Memory& memory, std::size_t words) : memory_(&memory), data_(memory.take(words)), words_(words) {}

Buffer::~Buffer() {
  if (data_ != nullptr) memory_->give(data_, words_);
}

Buffer::Buffer(Buffer&& other) noexcept
    : memory_(std::exchange(other.memory_, nullptr)),
      data_(std::exchange(other.data_, nullptr)),
      words_(std::exchange(other.words_, 0)) {}

Buffer& Buffer::operator=(Buffer&& other) noexcept {
  std::swap(memory_, other.memory_);
  std::swap(data_, other.data_);
  std::swap(words_, other.words_);
  return *this;
}

Memory::Memory(std::size_t budget) : budget_(budget) {}

Memory::~Memory() {
  trim();
  for (Word* data : slabs_) release(data, huge_page);
}

std::size_t Memory::bytes_in_use() const noexcept {
  const std::lock_guard<std::mutex> lock(mutex_);
  return in_use_;
}

std::size_t Memory::peak_bytes() const noexcept {
  const std::lock_guard<std::mutex> lock(mutex_);
  return peak_;
}

std::size_t Memory::bytes_held() const noexcept {
  const std::lock_guard<std::mutex> lock(mutex_);
  return in_use_ + held_;
}

std::vector<Memory::Freed> Memory::make_room() {
  std::vector<Freed> freed;
  const std::size_t most = std::max(peak_, in_use_);
  const std::size_t limit = budget_ != 0 ? budget_ : most + most / 8;
  while (held_ != 0 && in_use_ + held_ > limit) {
    auto oldest = kept_.end();
    for (auto kept = kept_.begin(); kept != kept_.end(); ++kept) {
      if (kept->second.buffers.empty()) continue;
      if (oldest == kept_.end() || kept->second.last_use < oldest->second.last_use) oldest = kept;
    }
    auto& [words, kept] = *oldest;
    const std::size_t size = words * sizeof(Word);
    if (is_block(size)) {
      // Under the lock: whoever takes it next writes to it.
      release(kept.buffers.back(), size);
      kept.vacant.push_back(kept.buffers.back());
    } else {
      freed.push_back({kept.buffers.back(), size});
    }
    kept.buffers.pop_back();
    held_ -= size;
  }
  return freed;
}

void Memory::trim() noexcept {
  const std::lock_guard<std::mutex> lock(mutex_);
  for (auto& [words, kept] : kept_) {
    const std::size_t bytes = words * sizeof(Word);
    for (Word* data : kept.buffers) release(data, bytes);
    if (is_block(bytes)) kept.vacant.insert(kept.vacant.end(), kept.buffers.begin(), kept.buffers.end());
    kept.buffers.clear();
  }
  held_ = 0;
}

Word* Memory::take_block(std::size_t bytes) {
  const std::lock_guard<std::mutex> lock(mutex_);
  Kept& kept = kept_[bytes / sizeof(Word)];
  std::vector<Word*>& vacant = kept.vacant;
  if (vacant.empty()) {
    // Room for all blocks of the size, so that giving them back needs no memory.
    vacant.reserve(kept.blocks + huge_page / bytes);
    slabs_.reserve(slabs_.size() + 1);
    Word* const slab = allocate(huge_page);
    if (slab == nullptr) return nullptr;
    slabs_.push_back(slab);
    for (std::size_t at = huge_page; at != 0; at -= bytes) vacant.push_back(slab + (at - bytes) / sizeof(Word));
    kept.blocks += huge_page / bytes;
  }
  Word* const data = vacant.back();
  vacant.pop_back();
  return data;
}

Word* Memory::take(std::size_t words) {
  if (words == 0) return nullptr;
  words = rounded(words);
  const std::size_t bytes = words * sizeof(Word);
  const auto refuse = [&](std::size_t in_use) -> Error {
    return Error("FHE0805", "A buffer of " + std::to_string(bytes) + " bytes does not fit beside the " +
                                std::to_string(in_use) + " bytes in use" +
                                (budget_ == 0 ? "." : "; the budget is " + std::to_string(budget_) + " bytes."));
  };
  std::vector<Freed> freed;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (budget_ != 0 && (in_use_ > budget_ || bytes > budget_ - in_use_)) throw refuse(in_use_);
    in_use_ += bytes;
    const auto found = kept_.find(words);
    if (found != kept_.end()) {
      Kept& kept = found->second;
      kept.last_use = ++uses_;
      if (!kept.buffers.empty()) {
        Word* data = kept.buffers.back();
        kept.buffers.pop_back();
        held_ -= bytes;
        peak_ = std::max(peak_, in_use_);
        return data;
      }
    }
    freed = make_room();
  }
  for (const auto& [data, size] : freed) release(data, size);
  const auto fresh = [&] { return is_block(bytes) ? take_block(bytes) : allocate(bytes); };
  Word* data = fresh();
  if (data == nullptr) {
    trim();
    data = fresh();
  }
  if (data == nullptr) {
    const std::lock_guard<std::mutex> lock(mutex_);
    in_use_ -= bytes;
    throw refuse(in_use_);
  }
  const std::lock_guard<std::mutex> lock(mutex_);
  peak_ = std::max(peak_, in_use_);
  return data;
}

void Memory::give(Word* data, std::size_t words) noexcept {
  // The sum cannot overflow: the buffer exists.
  words = (words + cache_line / sizeof(Word) - 1) / (cache_line / sizeof(Word)) * (cache_line / sizeof(Word));
  const std::size_t bytes = words * sizeof(Word);
  const std::lock_guard<std::mutex> lock(mutex_);
  in_use_ -= bytes;
  try {
    Kept& kept = kept_[words];
    kept.buffers.push_back(data);
    kept.last_use = ++uses_;
    held_ += bytes;
  } catch (const std::bad_alloc&) {
    // A block is lost until its slab goes.
    release(data, bytes);
  }
}

}  // namespace fhec
