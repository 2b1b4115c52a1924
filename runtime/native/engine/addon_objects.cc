#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include "addon.hpp"
#include "seal_format.hpp"
#include "transfer.hpp"

namespace fhec {
namespace {

Napi::Value encode(Engine& engine, const Arguments& arguments) {
  Plaintext made = engine.encoder().encode(engine.ring(), engine.memory(), engine.pool(), arguments.doubles(0),
                                           arguments.whole(1), arguments.number(2));
  return handle_value(arguments, engine.plaintexts.put(std::move(made)));
}

/// (words, parts, level, scale) -> handle
Napi::Value take_ciphertext(Engine& engine, const Arguments& arguments) {
  return handle_value(arguments, engine.ciphertexts.put(import_ciphertext(engine, arguments.bytes(0), arguments.whole(1),
                                                                          arguments.whole(2), arguments.number(3))));
}

/// (words of the first part, seed, level, scale) -> handle
Napi::Value take_seeded_ciphertext(Engine& engine, const Arguments& arguments) {
  return handle_value(arguments, engine.ciphertexts.put(import_seeded_ciphertext(
                                     engine, arguments.bytes(0), arguments.bytes(1), arguments.whole(2), arguments.number(3))));
}

/// (level, number of special primes) -> SEAL's name of the modulus q_0 .. q_level, p_0 ..: 32 bytes
Napi::Value modulus_id(Engine& engine, const Arguments& arguments) {
  const Ring& ring = engine.ring();
  const KeyBasis basis{.level = arguments.whole(0), .special_count = arguments.whole(1)};
  if (basis.level >= ring.data_count || basis.special_count > ring.special_count)
    throw Error("FHE0801", "the ring has no level " + std::to_string(basis.level) + " with " + std::to_string(basis.special_count) + " special primes");
  std::vector<Word> primes;
  for (std::size_t j = 0; j < basis.limb_count(); j++) primes.push_back(ring.limbs[basis.ring_limb(ring, j)].modulus.value);
  const auto id = seal_modulus_id(ring.degree, primes);
  Napi::Uint8Array out = Napi::Uint8Array::New(arguments.env(), id.size());
  std::copy(id.begin(), id.end(), out.Data());
  return out;
}

/// (words, level, scale) -> handle
Napi::Value take_plaintext(Engine& engine, const Arguments& arguments) {
  return handle_value(arguments, engine.plaintexts.put(import_plaintext(engine, arguments.bytes(0), arguments.whole(1),
                                                                        arguments.number(2))));
}

Napi::Value ciphertext_words(Engine& engine, const Arguments& arguments) {
  const Ciphertext& a = engine.ciphertexts.get(arguments.whole(0));
  Napi::Uint8Array out = Napi::Uint8Array::New(arguments.env(), export_bytes(engine, a));
  export_ciphertext(engine, a, out.Data());
  return out;
}

Napi::Value plaintext_words(Engine& engine, const Arguments& arguments) {
  const Plaintext& p = engine.plaintexts.get(arguments.whole(0));
  Napi::Uint8Array out =
      Napi::Uint8Array::New(arguments.env(), (p.level + 1) * engine.ring().degree * sizeof(Word));
  export_plaintext(engine, p, out.Data());
  return out;
}

/// handle -> {parts, level, scale}
Napi::Value describe_ciphertext(Engine& engine, const Arguments& arguments) {
  const Ciphertext& a = engine.ciphertexts.get(arguments.whole(0));
  const Napi::Object out = Napi::Object::New(arguments.env());
  out.Set("parts", Napi::Number::New(arguments.env(), static_cast<double>(a.parts.size())));
  out.Set("level", Napi::Number::New(arguments.env(), static_cast<double>(a.level)));
  out.Set("scale", Napi::Number::New(arguments.env(), a.scale));
  return out;
}

Napi::Value release(Engine& engine, const Arguments& arguments) {
  const Handle handle = arguments.whole(0);
  if (engine.plaintexts.holds(handle))
    engine.plaintexts.release(handle);
  else if (engine.keys.holds(handle))
    engine.keys.release(handle);
  else if (engine.extended.holds(handle))
    engine.extended.release(handle);
  else
    engine.ciphertexts.release(handle);
  return arguments.env().Undefined();
}

Napi::Value bytes_in_use(Engine& engine, const Arguments& arguments) {
  return Napi::Number::New(arguments.env(), static_cast<double>(engine.memory().bytes_in_use()));
}

Napi::Value peak_bytes(Engine& engine, const Arguments& arguments) {
  return Napi::Number::New(arguments.env(), static_cast<double>(engine.memory().peak_bytes()));
}

/// How many objects are held: a caller that forgets a release finds it here.
Napi::Value object_count(Engine& engine, const Arguments& arguments) {
  const std::size_t count = engine.ciphertexts.size() + engine.plaintexts.size() + engine.keys.size() + engine.extended.size();
  return Napi::Number::New(arguments.env(), static_cast<double>(count));
}

/// The kernel that serves the first data prime.
Napi::Value kernel_name(Engine& engine, const Arguments& arguments) {
  return Napi::String::New(arguments.env(), engine.ring().limbs[0].kernel->name);
}

/// The median seconds of a forward transform of one limb modulo the first data prime, on one thread: what benchmarks and cost tables start from.
Napi::Value transform_seconds(Engine& engine, const Arguments& arguments) {
  using Clock = std::chrono::steady_clock;
  constexpr std::size_t repetitions = 201;
  const Limb& limb = engine.ring().limbs[0];
  const std::size_t degree = engine.ring().degree;
  Buffer buffer(engine.memory(), degree);
  for (std::size_t k = 0; k < degree; k++) buffer.data()[k] = k % limb.modulus.value;
  std::vector<double> seconds;
  for (std::size_t i = 0; i < repetitions; i++) {
    const auto began = Clock::now();
    limb.kernel->forward(buffer.data(), limb.tables);
    seconds.push_back(std::chrono::duration<double>(Clock::now() - began).count());
  }
  std::nth_element(seconds.begin(), seconds.begin() + repetitions / 2, seconds.end());
  return Napi::Number::New(arguments.env(), seconds[repetitions / 2]);
}

}  // namespace

std::vector<EngineProperty> object_methods() {
  return {
      method<encode>("encode"),
      method<take_ciphertext>("importCiphertext"),
      method<take_seeded_ciphertext>("importSeededCiphertext"),
      method<take_plaintext>("importPlaintext"),
      method<ciphertext_words>("ciphertextWords"),
      method<plaintext_words>("plaintextWords"),
      method<describe_ciphertext>("describeCiphertext"),
      method<modulus_id>("modulusId"),
      method<release>("release"),
      method<bytes_in_use>("bytesInUse"),
      method<peak_bytes>("peakBytes"),
      method<object_count>("objectCount"),
      method<kernel_name>("kernelName"),
      method<transform_seconds>("transformSeconds"),
  };
}

}  // namespace fhec
