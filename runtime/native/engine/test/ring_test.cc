#include "ring.hpp"

#include "check.hpp"
#include "limbs.hpp"

namespace fhec::test {

TEST(ring_numbers_data_primes_first) {
  const std::vector<Word> data = {random_prime(50, 64), random_prime(40, 64)};
  const std::vector<Word> special = {random_prime(60, 64)};
  const Ring ring = make_ring(64, data, special, KernelChoice::automatic);
  CHECK_EQUAL(ring.degree, std::size_t{64});
  CHECK_EQUAL(ring.data_count, std::size_t{2});
  CHECK_EQUAL(ring.special_count, std::size_t{1});
  CHECK_EQUAL(ring.limbs.size(), std::size_t{3});
  CHECK_EQUAL(ring.limbs[1].modulus.value, data[1]);
  CHECK_EQUAL(ring.special(0).modulus.value, special[0]);
  CHECK_EQUAL(ring.special(0).kernel, &portable_kernel);
  // The tables of a limb serve its kernel.
  for (const KernelChoice choice : {KernelChoice::automatic, KernelChoice::portable}) {
    const Ring same = make_ring(64, data, special, choice);
    for (const Limb& limb : same.limbs) {
      const AlignedWords start = random_words(64, limb.modulus.value);
      AlignedWords values = start;
      limb.kernel->forward(values.data(), limb.tables);
      CHECK(values != start);
      limb.kernel->inverse(values.data(), limb.tables);
      CHECK(values == start);
    }
  }
}

TEST(ring_refuses_bad_parameters) {
  const Word prime = random_prime(40, 1024);
  const std::vector<Word> one = {prime};
  const std::vector<Word> none;
  CHECK_THROWS("FHE0801", make_ring(100, one, none, KernelChoice::automatic));
  CHECK_THROWS("FHE0801", make_ring(4, one, none, KernelChoice::automatic));
  CHECK_THROWS("FHE0801", make_ring(std::size_t{1} << 18, one, none, KernelChoice::automatic));
  CHECK_THROWS("FHE0801", make_ring(1024, none, none, KernelChoice::automatic));
  CHECK_THROWS("FHE0801", make_ring(1024, one, one, KernelChoice::automatic));
  const std::vector<Word> even = {prime - 1};
  CHECK_THROWS("FHE0801", make_ring(1024, even, none, KernelChoice::automatic));
  const std::vector<Word> rootless = {Word{17}};
  CHECK_THROWS("FHE0801", make_ring(1024, rootless, none, KernelChoice::automatic));
  const std::vector<Word> too_wide = {(Word{1} << 62) + 1};
  CHECK_THROWS("FHE0801", make_ring(1024, too_wide, none, KernelChoice::automatic));
}

TEST(polynomial_is_made_of_limbs_that_others_left) {
  Memory memory(0);
  { const Polynomial high(memory, 64, 3); }
  CHECK_EQUAL(memory.bytes_held(), std::size_t{3 * 64 * 8});
  const Polynomial low(memory, 64, 1);
  const Polynomial middle(memory, 64, 2);
  CHECK_EQUAL(middle.limb_count(), std::size_t{2});
  CHECK_EQUAL(memory.bytes_in_use(), std::size_t{3 * 64 * 8});
  CHECK_EQUAL(memory.bytes_held(), std::size_t{3 * 64 * 8});
}

TEST(rows_lie_one_after_the_other) {
  Memory memory(0);
  const Rows rows(memory, 64, 3);
  CHECK_EQUAL(rows.row(2) - rows.row(0), std::ptrdiff_t{128});
  CHECK_EQUAL(memory.bytes_in_use(), std::size_t{3 * 64 * 8});
}

}  // namespace fhec::test
