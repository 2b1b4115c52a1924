#include "check.hpp"
#include "limbs.hpp"
#include "pack.hpp"

namespace fhec::test {

TEST(kernel_inner_product_pair) {
  for (const int bits : prime_widths()) {
    for (const std::size_t count : {1, 2, 5, 17, 64}) {
      const std::size_t n = std::size_t{8} << random_below(4);
      const std::size_t stride = count + random_below(3);
      const Modulus q(random_prime(bits, 8));
      for (const bool extreme : {false, true}) {
        const auto draw = [&](std::size_t words) {
          return extreme ? AlignedWords(words, q.value - 1) : random_words(words, q.value);
        };
        std::vector<AlignedWords> a;
        std::vector<const Word*> a_of;
        for (std::size_t k = 0; k < count; ++k) a.push_back(draw(n));
        for (std::size_t k = 0; k < count; ++k) a_of.push_back(a[k].data());
        const AlignedWords b = draw(2 * stride * n);
        const int width = packed_width(q);
        AlignedWords packed(2 * stride * n + 8);
        pack(packed.data(), b.data(), b.size(), width);
        AlignedWords unpacked(b.size());
        unpack(unpacked.data(), packed.data(), b.size(), width);
        CHECK(unpacked == b);
        for (const Kernel* kernel : kernels_of(q)) {
          AlignedWords first(n);
          AlignedWords second(n);
          Word* const out[] = {first.data(), second.data()};
          kernel->inner_product_pair(out, a_of.data(), reinterpret_cast<const std::uint8_t*>(packed.data()), stride, count, n, q);
          for (std::size_t h = 0; h < 2; ++h) {
            for (std::size_t i = 0; i < n; ++i) {
              Word expected = 0;
              for (std::size_t k = 0; k < count; ++k)
                expected = add_mod(expected, mul_mod(a[k][i], b[16 * (i / 8 * stride + k) + 8 * h + i % 8], q), q);
              CHECK_EQUAL(out[h][i], expected);
            }
          }
        }
      }
    }
  }
}

TEST(kernel_weighted_sum) {
  for (const int bits : prime_widths()) {
    for (std::size_t count = 1; count <= 64; count += count < 20 ? 1 : 11) {
      const std::size_t parts = 1 + count % 2;
      const std::size_t n = std::size_t{8} << random_below(5);
      const Modulus q(random_prime(bits, 8));
      const auto width = static_cast<std::size_t>(packed_width(q));
      // The largest values too, which strain the accumulators most.
      for (const bool extreme : {false, true}) {
        const auto draw = [&] { return extreme ? AlignedWords(n, q.value - 1) : random_words(n, q.value); };
        std::vector<AlignedWords> a, b, packed;
        for (std::size_t k = 0; k < parts * count; ++k) a.push_back(draw());
        for (std::size_t k = 0; k < count; ++k) {
          b.push_back(draw());
          pack(packed.emplace_back(n + 8).data(), b[k].data(), n, static_cast<int>(width));
        }
        std::vector<const Word*> a_of;
        std::vector<const std::uint8_t*> b_of;
        for (const AlignedWords& words : a) a_of.push_back(words.data());
        for (const AlignedWords& words : packed) b_of.push_back(reinterpret_cast<const std::uint8_t*>(words.data()));
        for (const Kernel* kernel : kernels_of(q)) {
          std::vector<AlignedWords> made(2, AlignedWords(n));
          Word* const out[] = {made[0].data(), made[1].data()};
          kernel->weighted_sum(out, a_of.data(), b_of.data(), count, parts, n, q);
          for (std::size_t h = 0; h < parts; ++h) {
            for (std::size_t i = 0; i < n; ++i) {
              Word expected = 0;
              for (std::size_t k = 0; k < count; ++k) expected = add_mod(expected, mul_mod(a[parts * k + h][i], b[k][i], q), q);
              CHECK_EQUAL(made[h][i], expected);
            }
          }
        }
      }
    }
  }
}

TEST(kernel_packs_and_unpacks) {
  for (const int bits : prime_widths()) {
    for (const std::size_t n : {8, 16, 64, 512}) {
      const Modulus q(random_prime(bits, 8));
      const AlignedWords words = random_words(n, q.value);
      const std::size_t width = static_cast<std::size_t>(packed_width(q));
      const std::size_t stride = width + random_below(100);
      for (const Kernel* kernel : kernels_of(q)) {
        std::vector<std::uint8_t> packed(n / 8 * stride + 64, 0xa5);
        kernel->pack(packed.data(), words.data(), stride, n, q);
        for (std::size_t i = 0; i < n; i += 8) {
          AlignedWords group(8);
          pack(group.data(), words.data() + i, 8, static_cast<int>(width));
          const auto* expected = reinterpret_cast<const std::uint8_t*>(group.data());
          CHECK(std::equal(expected, expected + width, packed.data() + i / 8 * stride));
          // Nothing beyond the eight words changes.
          for (std::size_t k = width; k < stride; ++k) CHECK_EQUAL(packed[i / 8 * stride + k], 0xa5);
        }
        AlignedWords back(n);
        kernel->unpack(back.data(), packed.data(), stride, n, q);
        CHECK(back == words);
      }
    }
  }
}

TEST(kernel_quotients) {
  for (const std::size_t count : {1, 2, 4, 17, 60}) {
    std::vector<AlignedWords> a;
    std::vector<const Word*> a_of;
    std::vector<Word> fractions;
    std::vector<int> bits;
    for (std::size_t k = 0; k < count; ++k) {
      const Modulus q(random_prime(prime_widths()[random_below(prime_widths().size())], 8));
      a.push_back(random_words(32, q.value));
      bits.push_back(q.bits);
      fractions.push_back(static_cast<Word>((static_cast<Wide>(1) << (q.bits + 51)) / q.value));
    }
    for (std::size_t k = 0; k < count; ++k) a_of.push_back(a[k].data());
    for (const Kernel* kernel : {&portable_kernel, ifma_kernel()}) {
      if (kernel == nullptr) continue;
      AlignedWords out(32);
      kernel->quotients(out.data(), a_of.data(), fractions.data(), bits.data(), count, 32);
      for (std::size_t i = 0; i < 32; ++i) {
        Word sum = Word{1} << 50;
        for (std::size_t k = 0; k < count; ++k) {
          const Word upper = bits[k] > 52 ? a[k][i] >> (bits[k] - 52) : a[k][i] << (52 - bits[k]);
          sum += static_cast<Word>(static_cast<Wide>(upper) * fractions[k] / (Word{1} << 52));
        }
        CHECK_EQUAL(out[i], sum >> 51);
      }
    }
  }
}

}  // namespace fhec::test
