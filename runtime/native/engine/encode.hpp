#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "fourier.hpp"
#include "memory.hpp"
#include "pool.hpp"
#include "ring.hpp"

namespace fhec {

/// The canonical embedding of CKKS (Cheon, Kim, Kim, Song, ASIACRYPT 2017, section 3) with SEAL's order of slots: slot j is the value at the power
/// 3^j of the complex root exp(pi i / N).
///
/// X^(N/2) is the imaginary unit at the powers 4t + 1, so m = u + X^(N/2) v is there the complex polynomial u + i v with N/2 coefficients: one
/// inverse Fourier transform of length N/2 finds it. Of each pair of conjugate powers exactly one has the form 4t + 1: that of slot j itself for
/// even j, and for odd j that of its conjugate.
class Encoder {
 public:
  explicit Encoder(std::size_t degree);

  /// `values`: one number for every slot, N/2 real numbers, or N/2 real parts followed by N/2 imaginary parts; each times `scale` becomes
  /// integer coefficients, rounded to nearest, modulo q_0 .. q_level and so many special primes. One number gives a constant polynomial, and a vector that repeats its first slots
  /// many times a plaintext of runs. Errors: FHE0803 for a number
  /// that is not finite, or coefficients beyond half the modulus; FHE0801 for a wrong length, level or scale.
  Plaintext encode(const Ring& ring, Memory& memory, Pool& pool, std::span<const double> values, std::size_t level,
                   double scale, std::size_t special_count = 0) const;

 private:
  struct Twist {
    std::vector<double> real;
    std::vector<double> imaginary;
  };

  /// N real coefficients, times the scale and not yet rounded.
  void coefficients(std::span<double> out, std::span<const double> values, double scale) const;

  std::size_t degree_;
  InverseFourier fourier_;
  /// For each slot its place in the input of the transform.
  std::vector<std::uint32_t> places_;
  /// exp(-pi i k / N) for k < N/2: takes the powers 4t + 1 to 4t.
  Twist twist_;
};

}  // namespace fhec
