#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>

#include "secret.hpp"
#include "seeded_key.hpp"

namespace fhec {

/// Makes evaluation keys. The client's: it holds the secret. Errors have standard deviation 3.2 (Homomorphic Encryption Standard, 2018);
/// seeds and errors come from the operating system's generator through ChaCha20.
class KeyMaker {
 public:
  /// `secret` has the degree of the engine's ring. The engine outlives the maker.
  KeyMaker(Engine& engine, SmallSecret secret) : engine_(&engine), secret_(std::move(secret)) {}

  /// Keys for ciphertexts of at most this level, with all special primes. Throw FHE0801 for a level that the ring lacks.
  SeededKey relinearization(std::size_t level) const;
  /// For X -> X^element; the key is stored rotated back (SwitchKey::element).
  SeededKey galois(std::uint64_t element, std::size_t level) const;

  /// From this secret to a sparse one at level 0, modulo q_0 p_0 only (Bossuat, Troncoso-Pastoriza, Hubaux, ACNS 2022, section 4).
  SeededKey to_sparse(const SmallSecret& sparse) const;
  /// And back at the given level.
  SeededKey to_dense(const SmallSecret& sparse, std::size_t level) const;
  /// A fresh secret of this Hamming weight for the pair above; throws FHE0801 for a weight beyond the degree.
  SmallSecret sparse_secret(std::size_t weight) const;

 private:
  /// Writes a secret modulo a limb of the ring, in transform form.
  using SecretLimb = std::function<void(Word* out, std::size_t ring_limb)>;
  SeededKey make(const SecretLimb& from, const SecretLimb& to, KeyBasis basis) const;

  Engine* engine_;
  SmallSecret secret_;
};

}  // namespace fhec
