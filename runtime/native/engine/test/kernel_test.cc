#include "kernel.hpp"

#include <functional>
#include <numeric>

#include "check.hpp"
#include "limbs.hpp"

namespace fhec::test {
namespace {

constexpr Word wide_bound = Word{1} << 62;

/// The inputs of one case: three limbs below q, one of wide words, a scalar.
struct Case {
  std::size_t n;
  Modulus q;
  AlignedWords a, b, c, wide;
  Word scalar;
};

Word modulo(Wide value, const Modulus& q) { return static_cast<Word>(value % q.value); }

/// Runs `body` for each width and length with each kernel.
void each_case(const std::function<void(const Kernel&, const Case&)>& body) {
  for (const int bits : prime_widths()) {
    for (std::size_t n = 8; n <= 8192; n *= 2) {
      const Modulus q(random_prime(bits, 8));
      const Case one = {n, q, random_words(n, q.value), random_words(n, q.value), random_words(n, q.value),
                        random_words(n, wide_bound), random_words(1, q.value)[0]};
      for (const Kernel* kernel : kernels_of(q)) body(*kernel, one);
    }
  }
}

/// An operation on two limbs against its value at each place, with the output apart from and in the place of each input.
using Operation = std::function<void(const Kernel&, const Case&, Word* out, const Word* a, const Word* b)>;
using Expected = std::function<Word(const Case&, std::size_t i)>;

void check_operation(const Operation& operation, const Expected& expected) {
  each_case([&](const Kernel& kernel, const Case& one) {
    AlignedWords apart(one.n);
    operation(kernel, one, apart.data(), one.a.data(), one.b.data());
    for (std::size_t i = 0; i < one.n; ++i) CHECK_EQUAL(apart[i], expected(one, i));
    AlignedWords in_place = one.a;
    operation(kernel, one, in_place.data(), in_place.data(), one.b.data());
    CHECK(in_place == apart);
    in_place = one.b;
    operation(kernel, one, in_place.data(), one.a.data(), in_place.data());
    CHECK(in_place == apart);
  });
}

}  // namespace

TEST(kernel_choice) {
  const Modulus narrow(random_prime(50, 8));
  const Modulus wide(random_prime(51, 8));
  CHECK_EQUAL(&kernel_for(narrow, KernelChoice::portable), &portable_kernel);
  CHECK_EQUAL(&kernel_for(wide, KernelChoice::automatic), &portable_kernel);
  if (ifma_kernel() == nullptr) {
    CHECK_EQUAL(&kernel_for(narrow, KernelChoice::automatic), &portable_kernel);
    CHECK_THROWS("FHE0801", kernel_for(narrow, KernelChoice::ifma));
  } else {
    CHECK_EQUAL(&kernel_for(narrow, KernelChoice::automatic), ifma_kernel());
    CHECK_EQUAL(&kernel_for(narrow, KernelChoice::ifma), ifma_kernel());
    CHECK_EQUAL(&kernel_for(wide, KernelChoice::ifma), &portable_kernel);
  }
}

TEST(kernel_add) {
  check_operation([](const Kernel& kernel, const Case& one, Word* out, const Word* a,
                     const Word* b) { kernel.add(out, a, b, one.n, one.q); },
                  [](const Case& one, std::size_t i) { return add_mod(one.a[i], one.b[i], one.q); });
}

TEST(kernel_subtract) {
  check_operation([](const Kernel& kernel, const Case& one, Word* out, const Word* a,
                     const Word* b) { kernel.subtract(out, a, b, one.n, one.q); },
                  [](const Case& one, std::size_t i) { return sub_mod(one.a[i], one.b[i], one.q); });
}

TEST(kernel_multiply) {
  check_operation([](const Kernel& kernel, const Case& one, Word* out, const Word* a,
                     const Word* b) { kernel.multiply(out, a, b, one.n, one.q); },
                  [](const Case& one, std::size_t i) { return modulo(static_cast<Wide>(one.a[i]) * one.b[i], one.q); });
}

TEST(kernel_subtract_multiply_scalar) {
  check_operation(
      [](const Kernel& kernel, const Case& one, Word* out, const Word* a, const Word* b) {
        kernel.subtract_multiply_scalar(out, a, b, one.scalar, one.n, one.q);
      },
      [](const Case& one, std::size_t i) {
        return modulo(static_cast<Wide>(sub_mod(one.a[i], one.b[i], one.q)) * one.scalar, one.q);
      });
}

TEST(kernel_multiply_add) {
  each_case([](const Kernel& kernel, const Case& one) {
    AlignedWords out = one.c;
    kernel.multiply_add(out.data(), one.a.data(), one.b.data(), one.n, one.q);
    for (std::size_t i = 0; i < one.n; ++i) {
      CHECK_EQUAL(out[i], modulo(static_cast<Wide>(one.a[i]) * one.b[i] + one.c[i], one.q));
    }
  });
}

TEST(kernel_negate) {
  each_case([](const Kernel& kernel, const Case& one) {
    AlignedWords out(one.n);
    kernel.negate(out.data(), one.a.data(), one.n, one.q);
    for (std::size_t i = 0; i < one.n; ++i) CHECK_EQUAL(out[i], sub_mod(0, one.a[i], one.q));
    AlignedWords in_place = one.a;
    kernel.negate(in_place.data(), in_place.data(), one.n, one.q);
    CHECK(in_place == out);
  });
}

TEST(kernel_multiply_scalar) {
  each_case([](const Kernel& kernel, const Case& one) {
    AlignedWords out(one.n);
    for (const Word scalar : {one.scalar, Word{0}, Word{1}, one.q.value - 1}) {
      kernel.multiply_scalar(out.data(), one.a.data(), scalar, one.n, one.q);
      for (std::size_t i = 0; i < one.n; ++i) {
        CHECK_EQUAL(out[i], modulo(static_cast<Wide>(one.a[i]) * scalar, one.q));
      }
    }
    AlignedWords in_place = one.a;
    kernel.multiply_scalar(in_place.data(), in_place.data(), one.q.value - 1, one.n, one.q);
    CHECK(in_place == out);
  });
}

TEST(kernel_reduce) {
  each_case([](const Kernel& kernel, const Case& one) {
    AlignedWords words = one.wide;
    words[0] = one.q.value;
    words[1] = wide_bound - 1;
    words[2] = (Word{1} << 52) - 1;
    words[3] = Word{1} << 52;
    words[4] = 2 * one.q.value - 1;
    AlignedWords out(one.n);
    kernel.reduce(out.data(), words.data(), one.n, one.q);
    for (std::size_t i = 0; i < one.n; ++i) CHECK_EQUAL(out[i], words[i] % one.q.value);
    kernel.reduce(words.data(), words.data(), one.n, one.q);
    CHECK(words == out);
  });
}

TEST(kernel_combine) {
  for (const int bits : prime_widths()) {
    for (std::size_t count = 1; count <= 64; count += count < 20 ? 1 : 11) {
      const std::size_t n = std::size_t{8} << random_below(4);
      const Modulus q(random_prime(bits, 8));
      for (const int kind : {0, 1, 2}) {
        // Narrow words, wide words among narrow ones, and the largest that are allowed.
        std::vector<AlignedWords> a;
        std::vector<const Word*> a_of;
        for (std::size_t k = 0; k < count; ++k) {
          const Word bound = kind == 1 && k % 3 == 1 ? wide_bound : Word{1} << 50;
          a.push_back(kind == 2 ? AlignedWords(n, wide_bound - 1) : random_words(n, bound));
        }
        for (std::size_t k = 0; k < count; ++k) a_of.push_back(a[k].data());
        const AlignedWords scalars = kind == 2 ? AlignedWords(count, q.value - 1) : random_words(count, q.value);
        AlignedWords expected(n, 0);
        for (std::size_t i = 0; i < n; ++i) {
          for (std::size_t k = 0; k < count; ++k) {
            expected[i] = add_mod(expected[i], modulo(static_cast<Wide>(a[k][i]) * scalars[k], q), q);
          }
        }
        for (const Kernel* kernel : kernels_of(q)) {
          AlignedWords out(n);
          kernel->combine(out.data(), a_of.data(), scalars.data(), count, n, q);
          CHECK(out == expected);
          AlignedWords kept = a[count - 1];
          a_of[count - 1] = kept.data();
          kernel->combine(kept.data(), a_of.data(), scalars.data(), count, n, q);
          a_of[count - 1] = a[count - 1].data();
          CHECK(kept == expected);
        }
      }
    }
  }
}

TEST(kernel_gather) {
  each_case([](const Kernel& kernel, const Case& one) {
    std::vector<std::uint32_t> table(one.n);
    // Any table, the identity, and one that permutes words within blocks of eight and the blocks, as automorphisms do.
    for (const int kind : {0, 1, 2}) {
      const std::size_t mask = random_below(8);
      const std::size_t step = 2 * random_below(one.n) + 1;
      for (std::size_t i = 0; i < one.n; ++i) {
        const std::size_t block = i / 8 * step % (one.n / 8);
        table[i] = static_cast<std::uint32_t>(kind == 0 ? random_below(one.n) : kind == 1 ? i : 8 * block + ((i % 8) ^ mask));
      }
      AlignedWords out(one.n);
      kernel.gather(out.data(), one.a.data(), table.data(), one.n);
      for (std::size_t i = 0; i < one.n; ++i) CHECK_EQUAL(out[i], one.a[table[i]]);
    }
  });
}

}  // namespace fhec::test
