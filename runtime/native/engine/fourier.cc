#include "fourier.hpp"

#include <bit>
#include <cmath>
#include <numbers>

namespace fhec {
namespace {

/// Four transforms of `half` points, one after the other, become one of 4 half points. In bit-reversed order they are those of the points t that
/// are 0, 2, 1 and 3 modulo 4.
void join_four(double* real, double* imaginary, std::size_t half, const double* r1, const double* i1, const double* r2,
               const double* i2, const double* r3, const double* i3) noexcept {
  double* __restrict ar = real;
  double* __restrict ai = imaginary;
  double* __restrict br = real + half;
  double* __restrict bi = imaginary + half;
  double* __restrict cr = real + 2 * half;
  double* __restrict ci = imaginary + 2 * half;
  double* __restrict dr = real + 3 * half;
  double* __restrict di = imaginary + 3 * half;
  for (std::size_t j = 0; j < half; j++) {
    const double b_real = br[j] * r2[j] - bi[j] * i2[j];
    const double b_imag = br[j] * i2[j] + bi[j] * r2[j];
    const double c_real = cr[j] * r1[j] - ci[j] * i1[j];
    const double c_imag = cr[j] * i1[j] + ci[j] * r1[j];
    const double d_real = dr[j] * r3[j] - di[j] * i3[j];
    const double d_imag = dr[j] * i3[j] + di[j] * r3[j];
    const double even_sum_real = ar[j] + b_real;
    const double even_sum_imag = ai[j] + b_imag;
    const double even_difference_real = ar[j] - b_real;
    const double even_difference_imag = ai[j] - b_imag;
    const double odd_sum_real = c_real + d_real;
    const double odd_sum_imag = c_imag + d_imag;
    const double odd_difference_real = c_real - d_real;
    const double odd_difference_imag = c_imag - d_imag;
    ar[j] = even_sum_real + odd_sum_real;
    ai[j] = even_sum_imag + odd_sum_imag;
    // w^half = -i
    br[j] = even_difference_real + odd_difference_imag;
    bi[j] = even_difference_imag - odd_difference_real;
    cr[j] = even_sum_real - odd_sum_real;
    ci[j] = even_sum_imag - odd_sum_imag;
    dr[j] = even_difference_real - odd_difference_imag;
    di[j] = even_difference_imag + odd_difference_real;
  }
}

/// The first pass, whose roots are 1 and -i.
void join_single_points(double* real, double* imaginary, std::size_t length) noexcept {
  for (std::size_t p = 0; p < length; p += 4) {
    double* x = real + p;
    double* y = imaginary + p;
    const double r0 = x[0] + x[1], r1 = x[0] - x[1], r2 = x[2] + x[3], r3 = x[2] - x[3];
    const double i0 = y[0] + y[1], i1 = y[0] - y[1], i2 = y[2] + y[3], i3 = y[2] - y[3];
    x[0] = r0 + r2;
    y[0] = i0 + i2;
    x[1] = r1 + i3;
    y[1] = i1 - r3;
    x[2] = r0 - r2;
    y[2] = i0 - i2;
    x[3] = r1 - i3;
    y[3] = i1 + r3;
  }
}

void join_pairs(double* real, double* imaginary, std::size_t length) noexcept {
  for (std::size_t p = 0; p < length; p += 2) {
    const double r = real[p + 1];
    const double i = imaginary[p + 1];
    real[p + 1] = real[p] - r;
    imaginary[p + 1] = imaginary[p] - i;
    real[p] += r;
    imaginary[p] += i;
  }
}

}  // namespace

InverseFourier::InverseFourier(std::size_t length) : length_(length), bits_(std::countr_zero(length)) {
  for (std::size_t half = bits_ % 2 == 0 ? 4 : 2; half < length; half *= 4) {
    Pass& pass = passes_.emplace_back();
    pass.half = half;
    for (std::size_t power = 1; power <= 3; power++) {
      for (std::size_t j = 0; j < half; j++) {
        const long double angle = std::numbers::pi_v<long double> * static_cast<long double>(power * j) / static_cast<long double>(2 * half);
        pass.real[power - 1].push_back(static_cast<double>(std::cos(angle)));
        pass.imaginary[power - 1].push_back(static_cast<double>(-std::sin(angle)));
      }
    }
  }
}

std::size_t InverseFourier::place(std::size_t t) const noexcept {
  std::size_t reversed = 0;
  for (int i = 0; i < bits_; i++) reversed |= (t >> i & 1) << (bits_ - 1 - i);
  return reversed;
}

void InverseFourier::transform(double* real, double* imaginary) const noexcept {
  if (bits_ % 2 == 0)
    join_single_points(real, imaginary, length_);
  else
    join_pairs(real, imaginary, length_);
  for (const Pass& pass : passes_)
    for (std::size_t p = 0; p < length_; p += 4 * pass.half)
      join_four(real + p, imaginary + p, pass.half, pass.real[0].data(), pass.imaginary[0].data(), pass.real[1].data(),
                pass.imaginary[1].data(), pass.real[2].data(), pass.imaginary[2].data());
}

}  // namespace fhec
