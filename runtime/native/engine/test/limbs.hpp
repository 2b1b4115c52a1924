#pragma once

#include <cstddef>
#include <vector>

#include "aligned_words.hpp"
#include "check.hpp"
#include "kernel.hpp"

namespace fhec::test {

/// A random prime of this many bits that is 1 modulo 2 degree.
inline Word random_prime(int bits, std::size_t degree) {
  const Word low = Word{1} << (bits - 1);
  for (;;) {
    const Word value = (low + random_below(low)) / (2 * degree) * (2 * degree) + 1;
    if (value >= low && is_prime(value)) return value;
  }
}

/// The largest prime of this many bits that is 1 modulo 2 degree.
inline Word largest_prime(int bits, std::size_t degree) {
  Word value = (Word{1} << bits) - 2 * degree + 1;
  while (!is_prime(value)) value -= 2 * degree;
  return value;
}

/// Random words below the bound, with 0 and bound - 1 among them.
inline AlignedWords random_words(std::size_t n, Word bound) {
  AlignedWords words(n);
  for (Word& word : words) {
    const Word kind = random_below(16);
    word = kind == 0 ? 0 : kind == 1 ? bound - 1 : random_below(bound);
  }
  return words;
}

/// The kernels that serve the modulus: portable always, IFMA where it may be used.
inline std::vector<const Kernel*> kernels_of(const Modulus& q) {
  std::vector<const Kernel*> kernels = {&kernel_for(q, KernelChoice::portable)};
  const Kernel* automatic = &kernel_for(q, KernelChoice::automatic);
  if (automatic != kernels.front()) kernels.push_back(automatic);
  return kernels;
}

/// Widths that meet every path: narrow, typical, the two kernels' limits.
inline const std::vector<int>& prime_widths() {
  static const std::vector<int> widths = {20, 25, 30, 36, 40, 45, 46, 47, 48, 49, 50, 51, 55, 59, 60, 61};
  return widths;
}

}  // namespace fhec::test
