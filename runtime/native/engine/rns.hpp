#pragma once

#include <array>
#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "ring.hpp"

namespace fhec {

/// Takes coefficients from the residues modulo some limbs of a ring, whose product is Q, to any other limb (Halevi, Polyakov, Shoup, An
/// improved RNS variant of the BFV homomorphic encryption scheme, CT-RSA 2019, section 2.2): with y_i = x_i (Q / q_i)^-1 modulo q_i,
///   x = sum y_i (Q / q_i) - v Q.
/// The quotient v is computed in fixed point of 51 bits instead of their floating point, so that every machine gets the same one; it is
/// wrong by one only for an x within 2^-49 Q of where it jumps, and then the result is x plus or minus Q.
class BaseConversion {
 public:
  /// The source limbs are these limbs of the ring, from 1 to 60 of them.
  BaseConversion(const Ring& ring, std::vector<std::size_t> limbs);

  std::size_t count() const noexcept { return limbs_.size(); }

  /// y_i from x_i, in place; i counts the source limbs.
  void scale(Word* words, std::size_t i) const;
  /// v for the representative in (-Q / 2, Q / 2); `scaled` holds the limbs y_i one after another. Exact for one source limb.
  void quotients(Word* out, const Word* scaled) const;
  /// The representative in (-Q / 2, Q / 2) modulo limb `target` of the ring, none of the source limbs.
  void convert_centred(Word* out, const Word* scaled, const Word* quotients, std::size_t target) const;
  /// For one source limb: the representative in [0, q), as SEAL takes the digits of its key switching.
  void convert_positive(Word* out, const Word* scaled, std::size_t target) const;
  /// Q modulo limb `target`, and its inverse for a target that is no source limb (else 0).
  Word product(std::size_t target) const noexcept { return products_[target]; }
  Word inverse_product(std::size_t target) const noexcept { return inverse_products_[target]; }

 private:
  static constexpr std::size_t max_sources = 60;
  using Pointers = std::array<const Word*, max_sources + 1>;
  Pointers pointers_to(const Word* scaled) const noexcept;

  const Ring* ring_;
  std::vector<std::size_t> limbs_;
  /// (Q / q_i)^-1 modulo q_i.
  std::vector<Word> scales_;
  /// floor(2^(bits + 51) / q_i) with the bits of q_i: y_i / q_i in units of 2^-51 is the high part of a product of 52-bit words.
  std::vector<Word> fractions_;
  std::vector<int> bits_;
  /// For each limb of the ring: Q / q_i for each i, then -Q.
  std::vector<Word> weights_;
  std::vector<Word> products_;
  std::vector<Word> inverse_products_;
};

/// The conversions of a ring, each made once. Safe to use from several threads.
class Conversions {
 public:
  explicit Conversions(const Ring& ring) : ring_(&ring) {}
  const BaseConversion& from(std::vector<std::size_t> limbs);
  /// From limbs first .. first + count - 1.
  const BaseConversion& from(std::size_t first, std::size_t count);

 private:
  const Ring* ring_;
  std::mutex mutex_;
  std::map<std::vector<std::size_t>, std::unique_ptr<BaseConversion>> made_;
};

}  // namespace fhec
