#pragma once

#include <cstddef>
#include <cstdint>

#include "engine.hpp"

namespace fhec {

// Operations that need no key. Each gives a new ciphertext, equal to that of SEAL 4.1 word for word; operands are never changed. Work is
// shared by limb over the engine's pool. All throw FHE0801 for operands that do not fit each other, FHE0805 when memory is used up.

/// Throws FHE0801 unless both have one level and scales that agree up to rounding of doubles.
void require_sum(const Ciphertext& a, const Ciphertext& b);

/// Operands of one level and of scales that agree up to rounding of doubles; the result has the scale of `a`. Sizes may differ.
Ciphertext add(Engine& engine, const Ciphertext& a, const Ciphertext& b);
Ciphertext subtract(Engine& engine, const Ciphertext& a, const Ciphertext& b);
Ciphertext negate(Engine& engine, const Ciphertext& a);

/// Two ciphertexts of two parts and one level -> three parts, the product of the scales.
Ciphertext multiply(Engine& engine, const Ciphertext& a, const Ciphertext& b);

/// Operands of one level; add_plain also of one scale, as `add`.
Ciphertext add_plain(Engine& engine, const Ciphertext& a, const Plaintext& p);
Ciphertext multiply_plain(Engine& engine, const Ciphertext& a, const Plaintext& p);

/// Divides by the last prime and rounds: level l -> l - 1, scale / q_l (SEAL: divide_and_round_q_last_ntt). Refused at level 0.
Ciphertext rescale(Engine& engine, const Ciphertext& a);

/// Forgets primes down to `level`, at most that of `a`; value and scale stay.
Ciphertext mod_drop(Engine& engine, const Ciphertext& a, std::size_t level);

/// X -> X^element on every part, as SEAL's apply_galois_ntt: what it encrypts is then under the secret s(X^element).
Ciphertext apply_automorphism(Engine& engine, const Ciphertext& a, std::uint64_t element);

/// Times X^(N/2): slot j times i (-1)^j. Exact, no level, no scale.
Ciphertext multiply_by_i(Engine& engine, const Ciphertext& a);

/// From level 0 to `level`: coefficients modulo q_0, centred, modulo all primes; the message m becomes m + q_0 I for a small polynomial I.
Ciphertext mod_raise(Engine& engine, const Ciphertext& a, std::size_t level);

}  // namespace fhec
