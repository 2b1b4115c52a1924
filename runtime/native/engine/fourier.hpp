#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace fhec {

/// The inverse discrete Fourier transform of a fixed length n, a power of two from 4: y_k = sum over t of x_t exp(-2 pi i t k / n), not divided by n. Real
/// and imaginary parts stand in separate arrays, which lets the compiler work on several points at once.
///
/// Decimation in time (Cooley and Tukey, 1965), two binary stages a pass.
class InverseFourier {
 public:
  explicit InverseFourier(std::size_t length);

  std::size_t length() const noexcept { return length_; }
  /// Where x_t must stand in the input of `transform`: bit reversal.
  std::size_t place(std::size_t t) const noexcept;
  /// In place: input in bit-reversed order, output in natural order.
  void transform(double* real, double* imaginary) const noexcept;

 private:
  /// Roots of one pass that joins four blocks of `half` points: w^j, w^2j, w^3j for j < half with w = exp(-2 pi i / (4 half)).
  struct Pass {
    std::size_t half;
    std::vector<double> real[3];
    std::vector<double> imaginary[3];
  };

  std::size_t length_;
  int bits_;
  std::vector<Pass> passes_;
};

}  // namespace fhec
