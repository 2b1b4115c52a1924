#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "automorphism.hpp"
#include "encode.hpp"
#include "extended.hpp"
#include "handle_table.hpp"
#include "key_switch.hpp"
#include "memory.hpp"
#include "pool.hpp"
#include "ring.hpp"
#include "rns.hpp"

namespace fhec {

struct EngineOptions {
  std::size_t degree = 0;
  std::vector<Word> data_primes;
  std::vector<Word> special_primes;
  std::size_t threads = 1;
  KernelChoice kernel = KernelChoice::automatic;
  /// Bytes; 0 for no limit.
  std::size_t memory_budget = 0;
};

/// One ring with all that works on it: memory, threads, tables, and the objects that a caller holds by handle. Used by one calling thread
/// at a time; operations (evaluate.hpp, key_switch.hpp) are functions that take the engine first.
class Engine {
 public:
  /// Throws FHE0801 for what make_ring refuses, and for a number of threads that is not between 1 and 256.
  explicit Engine(const EngineOptions& options);
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;
  ~Engine();

  const Ring& ring() const noexcept { return ring_; }
  Memory& memory() noexcept { return memory_; }
  Pool& pool() noexcept { return pool_; }
  Automorphisms& automorphisms() noexcept { return automorphisms_; }
  Conversions& conversions() noexcept { return conversions_; }
  const Encoder& encoder() const noexcept { return encoder_; }

 private:
  // The tables below give their buffers back to the memory: it is made first and ends last.
  Memory memory_;
  Ring ring_;
  Pool pool_;
  Automorphisms automorphisms_;
  Conversions conversions_;
  Encoder encoder_;

 public:
  HandleTable<Ciphertext> ciphertexts{"ciphertext", 0};
  HandleTable<Plaintext> plaintexts{"plaintext", 1};
  HandleTable<SwitchKey> keys{"evaluation key", 2};
  HandleTable<ExtendedCiphertext> extended{"extended ciphertext", 3};
};

}  // namespace fhec
