#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <unordered_map>
#include <vector>

namespace fhec {

/// The Galois element of a rotation by `steps` to the left: 3^steps mod 2N (SEAL's generator); steps may be negative or beyond N/2.
std::uint64_t galois_element(std::int64_t steps, std::size_t degree);

/// The automorphisms X -> X^g on polynomials in transform form: a permutation of the N words of every limb, the same for all primes. Tables
/// are made at first use and kept (4N bytes each). Safe to use from several threads.
class Automorphisms {
 public:
  explicit Automorphisms(std::size_t degree) : degree_(degree) {}

  /// table[i] is the place that word i comes from, for Kernel::gather. `element` is odd and below 2N, else FHE0801.
  const std::vector<std::uint32_t>& table(std::uint64_t element);

 private:
  std::size_t degree_;
  std::mutex mutex_;
  std::unordered_map<std::uint64_t, std::vector<std::uint32_t>> tables_;
};

}  // namespace fhec
