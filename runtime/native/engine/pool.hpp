#pragma once

#include <cstddef>
#include <functional>
#include <memory>

namespace fhec {

/// Worker threads that share loops. The calling thread works too, so `threads` = 1 starts none.
class Pool {
 public:
  explicit Pool(std::size_t threads);
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  std::size_t threads() const noexcept;

  /// Calls body(i) once for each i < count, in any order, over all threads; returns when all are done. The first exception of a body is
  /// rethrown here. A call from inside a body runs serially. Used by one calling thread at a time.
  void for_each(std::size_t count, const std::function<void(std::size_t)>& body);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace fhec
