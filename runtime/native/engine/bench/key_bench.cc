#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <vector>

#include "engine.hpp"
#include "key_maker.hpp"
#include "rotation.hpp"

namespace {

using namespace fhec;

/// The least seconds of several calls: other work on the machine only adds.
double least_seconds(const std::function<void()>& call) {
  double least = 1e9;
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < 5 || std::chrono::steady_clock::now() < begin + std::chrono::milliseconds(1500); i++) {
    const auto start = std::chrono::steady_clock::now();
    call();
    least = std::min(least, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  return least;
}

std::vector<Word> primes(int bits, std::size_t degree, std::size_t count, std::size_t skip) {
  std::vector<Word> out;
  for (Word q = (Word{1} << bits) - 2 * degree + 1; out.size() < count + skip; q -= 2 * degree)
    if (is_prime(q)) out.push_back(q);
  out.erase(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(skip));
  return out;
}

void rotation(std::size_t degree, int bits, std::size_t data, std::size_t special, std::size_t threads) {
  EngineOptions options;
  options.degree = degree;
  options.special_primes = primes(50, degree, special, 0);
  options.data_primes = primes(bits, degree, data, bits == 50 ? special : 0);
  options.threads = threads;
  Engine engine(options);
  SmallSecret secret(degree);
  Seed seed = system_seed();
  ChaCha20 stream(seed, {});
  sample_ternary(secret.coefficients(), stream);
  const KeyMaker maker(engine, std::move(secret));
  std::vector<SwitchKey> keys;
  const auto start = std::chrono::steady_clock::now();
  for (std::int64_t steps = 1; steps <= 8; steps++) keys.push_back(expand(engine, maker.galois(galois_element(steps, degree), data - 1)));
  const double making = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count() / 8;
  std::vector<const SwitchKey*> pointers;
  for (const SwitchKey& key : keys) pointers.push_back(&key);
  Ciphertext a;
  a.level = data - 1;
  for (int p = 0; p < 2; p++) {
    a.parts.emplace_back(engine.memory(), degree, data);
    for (std::size_t j = 0; j < data; j++) sample_uniform({a.parts.back().limb(j), degree}, stream, engine.ring().limbs[j].modulus);
  }
  std::size_t next = 0;
  const double one = least_seconds([&] { static_cast<void>(rotate(engine, a, keys[next++ % 8])); });
  const double hoisted = least_seconds([&] { static_cast<void>(rotate_many(engine, a, pointers)); }) / 8;
  const std::size_t words = keys[0].shape().digits.size() * keys[0].shape().basis.limb_count() * degree;
  std::printf("N=2^%d %zu x %d bits + %zu special, %zu threads: rotation %.2f ms, hoisted (8) %.2f ms each, key %.1f MB, made in %.1f ms\n",
              __builtin_ctzl(degree), data, bits, special, threads, 1e3 * one, 1e3 * hoisted, 16e-6 * static_cast<double>(words), 1e3 * making);
}

}  // namespace

/// engine_key_bench [DEGREE_LOG BITS DATA SPECIAL THREADS]: times of rotations.
int main(int argc, char** argv) {
  if (argc == 6) {
    const auto number = [&](int i) { return static_cast<std::size_t>(std::atoi(argv[i])); };
    rotation(std::size_t{1} << number(1), static_cast<int>(number(2)), number(3), number(4), number(5));
    return 0;
  }
  for (const std::size_t special : {1, 2, 3, 4})
    for (const std::size_t threads : {1, 2}) rotation(32768, 45, 17, special, threads);
  for (const std::size_t special : {1, 2, 3})
    for (const std::size_t threads : {1, 2}) rotation(16384, 33, 12, special, threads);
}
