#include <utility>

#include "addon.hpp"
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

/// (inputs, terms: input number and plaintext in turn, ends: for each row the number of terms up to its last) -> ciphertexts
Napi::Value weigh(Engine& engine, const Arguments& arguments) {
  std::vector<const Ciphertext*> inputs;
  for (const Handle handle : arguments.wholes(0)) inputs.push_back(&engine.ciphertexts.get(handle));
  const auto terms = arguments.wholes(1);
  std::vector<std::vector<WeightedTerm>> rows;
  std::size_t at = 0;
  for (const std::uint64_t end : arguments.wholes(2)) {
    if (end < at || end > terms.size() / 2) throw Error("FHE0801", "the rows of a matrix do not fit its terms");
    std::vector<WeightedTerm>& row = rows.emplace_back();
    for (; at < end; at++) row.push_back({terms[2 * at], &engine.plaintexts.get(terms[2 * at + 1])});
  }
  return keep_all(arguments, engine.ciphertexts, weighted_sums(engine, inputs, rows));
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

/// (vectors, level, scale of each) -> plaintexts
Napi::Value encode_all(Engine& engine, const Arguments& arguments) {
  const auto vectors = arguments.doubles_list(0);
  const auto scales = arguments.doubles(2);
  const std::size_t level = arguments.whole(1);
  if (scales.size() != vectors.size()) throw Error("FHE0801", "vectors without a scale each");
  std::vector<Plaintext> made(vectors.size());
  // Each by one thread.
  engine.pool().for_each(vectors.size(), [&](std::size_t i) {
    made[i] = engine.encoder().encode(engine.ring(), engine.memory(), engine.pool(), vectors[i], level, scales[i]);
  });
  return keep_all(arguments, engine.plaintexts, std::move(made));
}

}  // namespace

std::vector<EngineProperty> fused_methods() {
  return {
      method<weigh>("weightedSums"),
      method<rotate_all>("rotateMany"),
      method<rotate_and_add>("rotateAdd"),
      method<add_a_rotation>("addRotated"),
      method<encode_all>("encodeMany"),
  };
}

}  // namespace fhec
