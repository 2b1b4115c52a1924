#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <random>
#include <vector>

#include "kernel.hpp"
#include "memory.hpp"

namespace {

using namespace fhec;

/// The median over many calls, in microseconds.
double median_microseconds(const std::function<void()>& body) {
  using Clock = std::chrono::steady_clock;
  std::vector<double> times;
  const auto end = Clock::now() + std::chrono::milliseconds(150);
  while (times.size() < 31 || Clock::now() < end) {
    const auto start = Clock::now();
    body();
    times.push_back(std::chrono::duration<double, std::micro>(Clock::now() - start).count());
  }
  std::nth_element(times.begin(), times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2), times.end());
  return times[times.size() / 2];
}

std::vector<Word> primes_of(int bits, std::size_t degree, std::size_t count) {
  std::vector<Word> primes;
  for (Word value = (Word{1} << bits) - 2 * degree + 1; primes.size() < count; value -= 2 * degree) {
    if (is_prime(value)) primes.push_back(value);
  }
  return primes;
}

void measure(std::size_t degree, int bits, KernelChoice choice) {
  // Several limbs with a table each: `hot` repeats one limb, `cold` goes round over all, so that tables come from the last cache or memory.
  constexpr std::size_t limb_count = 24;
  constexpr std::size_t terms = 8;
  Memory memory(0);
  std::vector<Modulus> moduli;
  std::vector<NttTables> tables;
  for (const Word prime : primes_of(bits, degree, limb_count)) {
    moduli.emplace_back(prime);
    tables.emplace_back(degree, moduli.back(), choice == KernelChoice::portable ? TableUse::scalar : TableUse::all);
  }
  const Kernel& kernel = kernel_for(moduli.front(), choice);
  Buffer buffer(memory, degree * (limb_count + 1));
  std::mt19937_64 random(1);
  std::vector<Word*> limb;
  for (std::size_t i = 0; i < limb_count; ++i) {
    limb.push_back(buffer.data() + i * degree);
    for (std::size_t k = 0; k < degree; ++k) limb[i][k] = random() % moduli.back().value;
  }
  Word* out = buffer.data() + limb_count * degree;
  const Modulus& q = moduli.front();
  const std::vector<const Word*> a(limb.begin(), limb.begin() + terms);
  std::vector<std::vector<std::uint8_t>> packed(terms, std::vector<std::uint8_t>(8 * degree + 64));
  std::vector<const std::uint8_t*> b;
  for (std::size_t k = 0; k < terms; ++k) {
    kernel.pack(packed[k].data(), limb[terms + k], static_cast<std::size_t>(packed_width(q)), degree, q);
    b.push_back(packed[k].data());
  }
  std::vector<Word> scalars(terms);
  for (Word& scalar : scalars) scalar = random() % q.value;
  std::vector<std::uint32_t> table(degree);
  for (std::size_t i = 0; i < degree; ++i) table[i] = static_cast<std::uint32_t>((i / 8 * 5 % (degree / 8)) * 8 + ((i % 8) ^ 3));

  std::printf("N=%zu, %d bits, %s [us a limb]\n", degree, bits, kernel.name);
  const auto line = [](const char* name, double time) { std::printf("  %-26s %8.1f\n", name, time); };
  line("forward", median_microseconds([&] { kernel.forward(limb[0], tables[0]); }));
  line("inverse", median_microseconds([&] { kernel.inverse(limb[0], tables[0]); }));
  const auto all = [&](void (*transform)(Word*, const NttTables&)) {
    return median_microseconds([&] {
             for (std::size_t i = 0; i < limb_count; ++i) transform(limb[i], tables[i]);
           }) /
           limb_count;
  };
  line("forward, all limbs", all(kernel.forward));
  line("inverse, all limbs", all(kernel.inverse));
  line("add", median_microseconds([&] { kernel.add(out, limb[0], limb[1], degree, q); }));
  line("multiply", median_microseconds([&] { kernel.multiply(out, limb[0], limb[1], degree, q); }));
  line("multiply_add", median_microseconds([&] { kernel.multiply_add(out, limb[0], limb[1], degree, q); }));
  line("multiply_scalar", median_microseconds([&] { kernel.multiply_scalar(out, limb[0], scalars[0], degree, q); }));
  line("subtract_multiply_scalar", median_microseconds([&] {
         kernel.subtract_multiply_scalar(out, limb[0], limb[1], scalars[0], degree, q);
       }));
  line("reduce", median_microseconds([&] { kernel.reduce(out, limb[0], degree, q); }));
  line("weighted_sum of 8", median_microseconds([&] { kernel.weighted_sum(&out, a.data(), b.data(), terms, 1, degree, q); }));
  line("pack", median_microseconds([&] { kernel.pack(packed[0].data(), limb[0], static_cast<std::size_t>(packed_width(q)), degree, q); }));
  line("combine of 8", median_microseconds([&] { kernel.combine(out, a.data(), scalars.data(), terms, degree, q); }));
  line("gather", median_microseconds([&] { kernel.gather(out, limb[0], table.data(), degree); }));
}

}  // namespace

/// engine_bench [DEGREE [BITS]]: microseconds of the operations on one limb, one thread.
int main(int argc, char** argv) {
  const std::size_t only = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 0;
  const int bits = argc > 2 ? std::atoi(argv[2]) : 50;
  for (std::size_t degree = 8192; degree <= 65536; degree *= 2) {
    if (only != 0 && degree != only) continue;
    measure(degree, bits, KernelChoice::portable);
    if (fhec::ifma_kernel() != nullptr) measure(degree, bits, KernelChoice::automatic);
  }
  return 0;
}
