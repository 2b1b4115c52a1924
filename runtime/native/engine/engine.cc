#include "engine.hpp"

#include <string>

#include "error.hpp"

namespace fhec {
namespace {

std::size_t checked_threads(std::size_t threads) {
  if (threads < 1 || threads > 256)
    throw Error("FHE0801", std::to_string(threads) + " threads asked for, from 1 to 256 are possible");
  return threads;
}

}  // namespace

Engine::Engine(const EngineOptions& options)
    : memory_(options.memory_budget),
      ring_(make_ring(options.degree, options.data_primes, options.special_primes, options.kernel)),
      pool_(checked_threads(options.threads)),
      automorphisms_(ring_.degree),
      conversions_(ring_),
      encoder_(ring_.degree) {}

Engine::~Engine() = default;

}  // namespace fhec
