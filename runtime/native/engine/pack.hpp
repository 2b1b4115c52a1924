#pragma once

#include <cstddef>

#include "modulus.hpp"

namespace fhec {

// `count` words of `width` bits (1 to 64) one after another without gaps, lowest bits first, in as many words of 64 bits as they need.

inline void pack(Word* out, const Word* words, std::size_t count, int width) noexcept {
  Wide pending = 0;
  int bits = 0;
  for (std::size_t i = 0; i < count; i++) {
    pending |= static_cast<Wide>(words[i]) << bits;
    bits += width;
    if (bits < 64) continue;
    *out++ = static_cast<Word>(pending);
    pending >>= 64;
    bits -= 64;
  }
  if (bits > 0) *out = static_cast<Word>(pending);
}

inline void unpack(Word* words, const Word* packed, std::size_t count, int width) noexcept {
  const Word mask = ~Word{0} >> (64 - width);
  Wide pending = 0;
  int bits = 0;
  for (std::size_t i = 0; i < count; i++) {
    if (bits < width) {
      pending |= static_cast<Wide>(*packed++) << bits;
      bits += 64;
    }
    words[i] = static_cast<Word>(pending) & mask;
    pending >>= width;
    bits -= width;
  }
}

}  // namespace fhec
