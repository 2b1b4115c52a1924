#pragma once

#include <cstddef>
#include <new>
#include <vector>

#include "modulus.hpp"

namespace fhec {

/// Gives 64-byte aligned memory, so that a vector register's load never straddles two cache lines.
template <class T>
struct AlignedAllocator {
  using value_type = T;
  static constexpr std::align_val_t alignment{64};

  AlignedAllocator() = default;
  template <class U>
  explicit AlignedAllocator(const AlignedAllocator<U>&) noexcept {}

  T* allocate(std::size_t count) { return static_cast<T*>(::operator new(count * sizeof(T), alignment)); }
  void deallocate(T* data, std::size_t) noexcept { ::operator delete(data, alignment); }

  bool operator==(const AlignedAllocator&) const noexcept { return true; }
};

using AlignedWords = std::vector<Word, AlignedAllocator<Word>>;

}  // namespace fhec
