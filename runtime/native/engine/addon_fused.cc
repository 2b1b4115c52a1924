#include <utility>

#include "addon.hpp"
#include "extended.hpp"
#include "key_switch.hpp"
#include "rotation.hpp"
#include "weighted_sums.hpp"

namespace fhec {
namespace {

/// Keeps all of them: their handles in a Float64Array.
template <class T>
Napi::Value keep_all(const Arguments& arguments, HandleTable<T>& table, std::vector<T> made) {
  Napi::Float64Array handles = Napi::Float64Array::New(arguments.env(), made.size());
  for (std::size_t i = 0; i < made.size(); i++) handles[i] = static_cast<double>(table.put(std::move(made[i])));
  return handles;
}

/// (inputs, terms: input number and plaintext in turn, ends: for each row the number of terms up to its last) -> ciphertexts of the inputs' kind
template <class Cipher, HandleTable<Cipher> Engine::* table>
Napi::Value weigh(Engine& engine, const Arguments& arguments) {
  std::vector<const Cipher*> inputs;
  for (const Handle handle : arguments.wholes(0)) inputs.push_back(&(engine.*table).get(handle));
  const auto terms = arguments.wholes(1);
  std::vector<std::vector<WeightedTerm>> rows;
  std::size_t at = 0;
  for (const std::uint64_t end : arguments.wholes(2)) {
    if (end < at || end > terms.size() / 2) throw Error("FHE0801", "the rows of a matrix do not fit its terms");
    std::vector<WeightedTerm>& row = rows.emplace_back();
    for (; at < end; at++) row.push_back({terms[2 * at], &engine.plaintexts.get(terms[2 * at + 1])});
  }
  return keep_all(arguments, engine.*table, weighted_sums(engine, std::span<const Cipher* const>(inputs), rows));
}

/// ciphertext -> extended ciphertext
Napi::Value extend_one(Engine& engine, const Arguments& arguments) {
  return handle_value(arguments, engine.extended.put(extend(engine, engine.ciphertexts.get(arguments.whole(0)))));
}

Operand operand(Engine& engine, Handle handle) {
  if (engine.extended.holds(handle)) return &engine.extended.get(handle);
  return &engine.ciphertexts.get(handle);
}

/// (ciphertext or extended one, keys) -> extended ciphertexts
Napi::Value turn_all(Engine& engine, const Arguments& arguments) {
  std::vector<const SwitchKey*> keys;
  for (const Handle handle : arguments.wholes(1)) keys.push_back(&engine.keys.get(handle));
  return keep_all(arguments, engine.extended, turn_many(engine, operand(engine, arguments.whole(0)), keys, std::nullopt));
}

/// (ciphertext or extended one, key, addend of either kind, whether the addend leads the sum and gives its scale: 0 or 1) -> extended ciphertext
Napi::Value turn_and_add(Engine& engine, const Arguments& arguments) {
  const SwitchKey* keys[] = {&engine.keys.get(arguments.whole(1))};
  const Operand addend = operand(engine, arguments.whole(2));
  ExtendedCiphertext made = std::move(turn_many(engine, operand(engine, arguments.whole(0)), keys, addend).front());
  if (arguments.whole(3) != 0) made.scale = std::visit([](const auto* a) { return a->scale; }, addend);
  return handle_value(arguments, engine.extended.put(std::move(made)));
}

/// (extended ciphertext, whether to rescale: 0 or 1) -> ciphertext
Napi::Value divide_one(Engine& engine, const Arguments& arguments) {
  Ciphertext made = divide(engine, engine.extended.get(arguments.whole(0)), arguments.whole(1) != 0);
  return handle_value(arguments, engine.ciphertexts.put(std::move(made)));
}

/// (ciphertext, keys) -> ciphertexts
Napi::Value rotate_all(Engine& engine, const Arguments& arguments) {
  std::vector<const SwitchKey*> keys;
  for (const Handle handle : arguments.wholes(1)) keys.push_back(&engine.keys.get(handle));
  return keep_all(arguments, engine.ciphertexts, rotate_many(engine, engine.ciphertexts.get(arguments.whole(0)), keys));
}

/// (ciphertext, key, addend) -> ciphertext
Napi::Value rotate_and_add(Engine& engine, const Arguments& arguments) {
  Ciphertext made = rotate_add(engine, engine.ciphertexts.get(arguments.whole(0)), engine.keys.get(arguments.whole(1)),
                               engine.ciphertexts.get(arguments.whole(2)));
  return handle_value(arguments, engine.ciphertexts.put(std::move(made)));
}

/// (addend, ciphertext, key) -> ciphertext
Napi::Value add_a_rotation(Engine& engine, const Arguments& arguments) {
  Ciphertext made = add_rotated(engine, engine.ciphertexts.get(arguments.whole(0)),
                                engine.ciphertexts.get(arguments.whole(1)), engine.keys.get(arguments.whole(2)));
  return handle_value(arguments, engine.ciphertexts.put(std::move(made)));
}

/// (vectors, level, scale of each) -> plaintexts, with all special primes or without them
template <bool extended>
Napi::Value encode_all(Engine& engine, const Arguments& arguments) {
  const auto vectors = arguments.doubles_list(0);
  const auto scales = arguments.doubles(2);
  const std::size_t level = arguments.whole(1);
  if (scales.size() != vectors.size()) throw Error("FHE0801", "vectors without a scale each");
  std::vector<Plaintext> made(vectors.size());
  // Each by one thread.
  engine.pool().for_each(vectors.size(), [&](std::size_t i) {
    made[i] = engine.encoder().encode(engine.ring(), engine.memory(), engine.pool(), vectors[i], level, scales[i],
                                        extended ? engine.ring().special_count : 0);
  });
  return keep_all(arguments, engine.plaintexts, std::move(made));
}

}  // namespace

std::vector<EngineProperty> fused_methods() {
  return {
      method<weigh<Ciphertext, &Engine::ciphertexts>>("weightedSums"),
      method<weigh<ExtendedCiphertext, &Engine::extended>>("weightedSumsExtended"),
      method<extend_one>("extend"),
      method<turn_all>("rotateManyExtended"),
      method<turn_and_add>("rotateAddExtended"),
      method<divide_one>("divide"),
      method<rotate_all>("rotateMany"),
      method<rotate_and_add>("rotateAdd"),
      method<add_a_rotation>("addRotated"),
      method<encode_all<false>>("encodeMany"),
      method<encode_all<true>>("encodeManyExtended"),
  };
}

}  // namespace fhec
