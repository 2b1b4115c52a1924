#include "digits.hpp"

#include <algorithm>
#include <cstring>
#include <string>

#include "engine.hpp"
#include "error.hpp"
#include "rns.hpp"

namespace fhec {

namespace {

/// A natural number in base 2^64, lowest word first, no leading zeros.
using Natural = std::vector<Word>;

Natural times(const Natural& a, Word b) {
  Natural out;
  Wide carry = 0;
  for (const Word word : a) {
    carry += static_cast<Wide>(word) * b;
    out.push_back(static_cast<Word>(carry));
    carry >>= 64;
  }
  if (carry != 0) out.push_back(static_cast<Word>(carry));
  return out;
}

bool at_most(const Natural& a, const Natural& b) {
  if (a.size() != b.size()) return a.size() < b.size();
  return !std::lexicographical_compare(b.rbegin(), b.rend(), a.rbegin(), a.rend());
}

}  // namespace

std::vector<Digit> digits_of(std::span<const Word> data_primes, std::span<const Word> special_primes) {
  Natural bound{1};
  for (const Word p : special_primes) bound = times(bound, p);
  std::vector<Digit> digits;
  Natural product;
  for (std::size_t i = 0; i < data_primes.size(); i++) {
    const Natural wider = digits.empty() ? bound : times(product, data_primes[i]);
    if (!digits.empty() && at_most(wider, bound)) {
      digits.back().count++;
      product = wider;
    } else {
      digits.push_back({i, 1});
      product = {data_primes[i]};
    }
  }
  return digits;
}

std::vector<Digit> digits_at(std::span<const Digit> digits, std::size_t level) {
  std::vector<Digit> out;
  for (const Digit& digit : digits) {
    if (digit.first <= level) out.push_back({digit.first, std::min(digit.count, level + 1 - digit.first)});
  }
  return out;
}

SplitPolynomial::SplitPolynomial(Engine& engine, const Polynomial& source, KeyBasis basis, std::span<const Digit> digits)
    : ring_(&engine.ring()), source_(&source), basis_(basis), digits_(digits_at(digits, basis.level)) {
  const std::size_t served = digits_.empty() ? 0 : digits_.back().first + digits_.back().count;
  if (served <= basis.level)
    throw Error("FHE0801", "a key for " + std::to_string(served) + " primes cannot serve level " + std::to_string(basis.level));
  const std::size_t n = ring_->degree;
  scaled_ = Rows(engine.memory(), n, basis.level + 1);
  quotients_ = Rows(engine.memory(), n, digits_.size());
  std::vector<std::size_t> digit_of(basis.level + 1);
  for (std::size_t d = 0; d < digits_.size(); d++) {
    conversions_.push_back(&engine.conversions().from(digits_[d].first, digits_[d].count));
    std::fill_n(digit_of.begin() + static_cast<std::ptrdiff_t>(digits_[d].first), digits_[d].count, d);
  }
  engine.pool().for_each(basis.level + 1, [&](std::size_t i) {
    std::memcpy(scaled_.row(i), source.limb(i), n * sizeof(Word));
    ring_->limbs[i].kernel->inverse(scaled_.row(i), ring_->limbs[i].tables);
    conversions_[digit_of[i]]->scale(scaled_.row(i), i - digits_[digit_of[i]].first);
  });
  engine.pool().for_each(digits_.size(), [&](std::size_t d) {
    if (digits_[d].count > 1) conversions_[d]->quotients(quotients_.row(d), scaled_.row(digits_[d].first));
  });
}

const Word* SplitPolynomial::limb(std::size_t d, std::size_t j, Word* scratch) const {
  const Digit& digit = digits_[d];
  if (j >= digit.first && j < digit.first + digit.count) return source_->limb(j);
  const std::size_t target = basis_.ring_limb(*ring_, j);
  if (digit.count == 1) {
    conversions_[d]->convert_positive(scratch, scaled_.row(digit.first), target);
  } else {
    conversions_[d]->convert_centred(scratch, scaled_.row(digit.first), quotients_.row(d), target);
  }
  ring_->limbs[target].kernel->forward(scratch, ring_->limbs[target].tables);
  return scratch;
}

LiftedLimb::LiftedLimb(Engine& engine, const SplitPolynomial& split, std::size_t j) {
  const std::size_t step = engine.ring().degree + lifted_padding;
  scratch_ = Buffer(engine.memory(), split.digits().size() * step);
  for (std::size_t d = 0; d < split.digits().size(); d++) words_.push_back(split.limb(d, j, scratch_.data() + d * step));
}

}  // namespace fhec
