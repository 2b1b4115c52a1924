#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>

#include "error.hpp"

namespace fhec {

/// A number that names an object of the engine for its caller; below 2^53, never used again after its release.
using Handle = std::uint64_t;

/// The objects of one kind that a caller holds. `kind` stands in error messages; `tag` (0 to 3) makes the handles of one kind differ from
/// those of every other, so that a ciphertext's handle is refused where a key is meant.
template <class T>
class HandleTable {
 public:
  HandleTable(const char* kind, unsigned tag) : kind_(kind), next_(4 + tag) {}

  Handle put(T value) {
    const Handle handle = next_;
    objects_.emplace(handle, std::make_shared<T>(std::move(value)));
    next_ += 4;
    return handle;
  }

  /// Throws FHE0801 for a handle that was never given out or is released.
  const T& get(Handle handle) const { return *find(handle)->second; }
  T& get(Handle handle) { return *find(handle)->second; }

  bool holds(Handle handle) const noexcept { return objects_.count(handle) != 0; }

  /// Throws FHE0801 as `get`.
  void release(Handle handle) { objects_.erase(find(handle)); }

  std::size_t size() const noexcept { return objects_.size(); }

 private:
  using Objects = std::unordered_map<Handle, std::shared_ptr<T>>;

  typename Objects::const_iterator find(Handle handle) const {
    const auto at = objects_.find(handle);
    if (at == objects_.end()) throw Error("FHE0801", "no " + std::string(kind_) + " has handle " + std::to_string(handle));
    return at;
  }

  const char* kind_;
  Handle next_;
  Objects objects_;
};

}  // namespace fhec
