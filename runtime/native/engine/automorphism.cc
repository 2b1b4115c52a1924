#include "automorphism.hpp"

#include <bit>
#include <string>

#include "error.hpp"

namespace fhec {

std::uint64_t galois_element(std::int64_t steps, std::size_t degree) {
  const std::uint64_t order = degree / 2;
  std::uint64_t left = static_cast<std::uint64_t>(steps % static_cast<std::int64_t>(order) + static_cast<std::int64_t>(order)) % order;
  const std::uint64_t mask = 2 * degree - 1;
  std::uint64_t element = 1;
  for (std::uint64_t power = 3; left != 0; left >>= 1, power = power * power & mask)
    if (left & 1) element = element * power & mask;
  return element;
}

namespace {

std::uint64_t reverse_bits(std::uint64_t value, int bits) {
  std::uint64_t reversed = 0;
  for (int i = 0; i < bits; i++) reversed |= (value >> i & 1) << (bits - 1 - i);
  return reversed;
}

/// Word i of a transform is the value at the power 2 r + 1 of the root, r being i with its bits reversed; X -> X^g takes the value at
/// the power g (2 r + 1).
std::vector<std::uint32_t> make_table(std::uint64_t element, std::size_t degree) {
  const int bits = std::countr_zero(degree);
  std::vector<std::uint32_t> table(degree);
  for (std::size_t i = 0; i < degree; i++) {
    const std::uint64_t power = (element * (2 * reverse_bits(i, bits) + 1)) & (2 * degree - 1);
    table[i] = static_cast<std::uint32_t>(reverse_bits(power >> 1, bits));
  }
  return table;
}

}  // namespace

const std::vector<std::uint32_t>& Automorphisms::table(std::uint64_t element) {
  if (element % 2 == 0 || element >= 2 * degree_)
    throw Error("FHE0801", "Galois element " + std::to_string(element) + " is not odd and below 2N = " + std::to_string(2 * degree_));
  const std::lock_guard lock(mutex_);
  const auto known = tables_.find(element);
  if (known != tables_.end()) return known->second;
  return tables_.emplace(element, make_table(element, degree_)).first->second;
}

}  // namespace fhec
