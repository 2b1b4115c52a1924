#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "ring.hpp"

namespace fhec {

/// Small numbers that nobody else may see: coefficients of a secret or of an error. Wiped when it ends.
class SmallSecret {
 public:
  explicit SmallSecret(std::size_t degree) : coefficients_(degree) {}
  ~SmallSecret();
  SmallSecret(SmallSecret&&) noexcept = default;
  SmallSecret& operator=(SmallSecret&&) = delete;

  std::span<std::int8_t> coefficients() noexcept { return coefficients_; }
  std::span<const std::int8_t> coefficients() const noexcept { return coefficients_; }

  /// The polynomial modulo a limb, in transform form.
  void to_limb(Word* out, const Limb& limb) const;

 private:
  std::vector<std::int8_t> coefficients_;
};

/// N words that are wiped when they end: what a secret is worked on in.
class SecretWords {
 public:
  SecretWords(Memory& memory, std::size_t degree) : words_(memory, degree) {}
  ~SecretWords();
  SecretWords(const SecretWords&) = delete;
  SecretWords& operator=(const SecretWords&) = delete;
  Word* data() noexcept { return words_.data(); }

 private:
  Buffer words_;
};

/// The secret of these coefficients. Throws FHE0702 unless there are N of them, each -1, 0 or 1.
SmallSecret ternary_secret(const Ring& ring, std::span<const std::int8_t> coefficients);

/// The ternary secret whose transform modulo q_0 these words are, as SEAL keeps it. Throws FHE0702 when they are no transform of coefficients
/// -1, 0 and 1.
SmallSecret ternary_secret(Memory& memory, const Ring& ring, std::span<const Word> words);

}  // namespace fhec
