#include "ntt_tables.hpp"

#include <algorithm>
#include <bit>

#include "check.hpp"
#include "limbs.hpp"

namespace fhec::test {
namespace {

std::size_t reversed(std::size_t value, std::size_t degree) {
  std::size_t result = 0;
  for (std::size_t bit = 1; bit < degree; bit *= 2) result = 2 * result + (value & bit ? 1 : 0);
  return result;
}

/// The polynomial at root^(2 brv(i) + 1), by Horner.
Word evaluate(const AlignedWords& polynomial, std::size_t i, Word root, const Modulus& q) {
  const Word point = pow_mod(root, 2 * reversed(i, polynomial.size()) + 1, q);
  Word sum = 0;
  for (std::size_t k = polynomial.size(); k-- > 0;) sum = add_mod(mul_mod(sum, point, q), polynomial[k], q);
  return sum;
}

}  // namespace

TEST(root_is_the_smallest_primitive_one) {
  for (const std::size_t degree : {8, 64, 1024}) {
    const Modulus q(random_prime(30, degree));
    const NttTables tables(degree, q);
    CHECK_EQUAL(pow_mod(tables.root, degree, q), q.value - 1);
    for (std::size_t k = 1; k < 2 * degree; k += 2) CHECK(pow_mod(tables.root, k, q) >= tables.root);
    CHECK_EQUAL(mul_mod(tables.inverse_degree, degree, q), Word{1});
  }
  // The roots that SEAL takes for these primes at N = 8.
  CHECK_EQUAL(NttTables(8, Modulus(17)).root, Word{3});
  CHECK_EQUAL(NttTables(8, Modulus(97)).root, Word{8});
}

TEST(tables_refuse_primes_without_a_root) {
  CHECK_THROWS("FHE0801", NttTables(16, Modulus(17)));
  CHECK_THROWS("FHE0801", NttTables(12, Modulus(97)));
  CHECK_THROWS("FHE0801", NttTables(4, Modulus(97)));
}

TEST(forward_transform_evaluates_at_the_odd_powers) {
  for (const int bits : prime_widths()) {
    for (std::size_t degree = 8; degree <= 8192; degree *= 2) {
      const Modulus q(random_prime(bits, degree));
      const NttTables tables(degree, q);
      for (const bool extreme : {false, true}) {
        const AlignedWords polynomial = extreme ? AlignedWords(degree, q.value - 1) : random_words(degree, q.value);
        AlignedWords first;
        for (const Kernel* kernel : kernels_of(q)) {
          AlignedWords values = polynomial;
          kernel->forward(values.data(), tables);
          // Every place at small sizes, some at large ones.
          const std::size_t samples = std::min<std::size_t>(degree, 16);
          for (std::size_t s = 0; s < samples; ++s) {
            const std::size_t i = degree <= 16 ? s : random_below(degree);
            CHECK_EQUAL(values[i], evaluate(polynomial, i, tables.root, q));
          }
          if (first.empty()) first = values;
          CHECK(values == first);
          kernel->inverse(values.data(), tables);
          CHECK(values == polynomial);
        }
      }
    }
  }
}

TEST(inverse_transform_is_the_same_in_all_kernels) {
  for (const int bits : prime_widths()) {
    for (std::size_t degree = 8; degree <= 65536; degree *= 2) {
      const Modulus q(random_prime(bits, degree));
      const NttTables tables(degree, q);
      const AlignedWords start = random_words(degree, q.value);
      AlignedWords first;
      for (const Kernel* kernel : kernels_of(q)) {
        AlignedWords values = start;
        kernel->inverse(values.data(), tables);
        if (first.empty()) first = values;
        CHECK(values == first);
        for (const Word value : values) CHECK(value < q.value);
        kernel->forward(values.data(), tables);
        CHECK(values == start);
      }
    }
  }
}

TEST(transforms_have_room_for_the_largest_primes) {
  for (const int bits : {46, 48, 50, 61}) {
    for (const std::size_t degree : {std::size_t{64}, std::size_t{1} << 16, std::size_t{1} << 17}) {
      const Modulus q(largest_prime(bits, degree));
      const NttTables tables(degree, q);
      // The largest words; and at each place the largest or zero, in a pattern of every period, so that sums and differences go to their ends.
      for (int round = 0; round < 12; ++round) {
        AlignedWords start(degree, q.value - 1);
        if (round > 0) {
          for (std::size_t i = 0; i < degree; ++i) start[i] = (i >> (round - 1)) & 1 ? 0 : q.value - 1;
        }
        AlignedWords first;
        AlignedWords first_inverse;
        for (const Kernel* kernel : kernels_of(q)) {
          AlignedWords values = start;
          AlignedWords inverses = start;
          kernel->forward(values.data(), tables);
          kernel->inverse(inverses.data(), tables);
          if (first.empty()) first = values;
          if (first_inverse.empty()) first_inverse = inverses;
          CHECK(values == first);
          CHECK(inverses == first_inverse);
          kernel->inverse(values.data(), tables);
          CHECK(values == start);
        }
      }
    }
  }
}

TEST(transform_turns_negacyclic_products_into_products) {
  const std::size_t degree = 64;
  const Modulus q(random_prime(45, degree));
  const NttTables tables(degree, q);
  const AlignedWords a = random_words(degree, q.value);
  const AlignedWords b = random_words(degree, q.value);
  AlignedWords expected(degree, 0);
  for (std::size_t i = 0; i < degree; ++i) {
    for (std::size_t k = 0; k < degree; ++k) {
      Word& place = expected[(i + k) % degree];
      const Word product = mul_mod(a[i], b[k], q);
      place = i + k < degree ? add_mod(place, product, q) : sub_mod(place, product, q);
    }
  }
  for (const Kernel* kernel : kernels_of(q)) {
    AlignedWords x = a;
    AlignedWords y = b;
    kernel->forward(x.data(), tables);
    kernel->forward(y.data(), tables);
    kernel->multiply(x.data(), x.data(), y.data(), degree, q);
    kernel->inverse(x.data(), tables);
    CHECK(x == expected);
  }
}

}  // namespace fhec::test
