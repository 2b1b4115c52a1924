#include <utility>

#include "addon.hpp"
#include "key_switch.hpp"
#include "rotation.hpp"
#include "seal_keys.hpp"
#include "seeded_key.hpp"

namespace fhec {
namespace {

/// (ciphertext, key) -> ciphertext
template <Ciphertext (*operation)(Engine&, const Ciphertext&, const SwitchKey&)>
Napi::Value with_key(Engine& engine, const Arguments& arguments) {
  Ciphertext made =
      operation(engine, engine.ciphertexts.get(arguments.whole(0)), engine.keys.get(arguments.whole(1)));
  return handle_value(arguments, engine.ciphertexts.put(std::move(made)));
}

/// (words of each digit, seed of each digit or an empty array, Galois element or 1) -> key
Napi::Value take_seal_key(Engine& engine, const Arguments& arguments) {
  const auto words = arguments.bytes_list(0);
  const auto seeds = arguments.bytes_list(1);
  if (words.size() != seeds.size()) throw Error("FHE0801", "a key with as many digits as seeds was expected");
  std::vector<SealKeyDigit> digits;
  for (std::size_t d = 0; d < words.size(); d++) digits.push_back({words[d], seeds[d]});
  return handle_value(arguments, engine.keys.put(import_seal_key(engine, digits, arguments.whole(2))));
}

/// (bytes) -> key
Napi::Value take_seeded_key(Engine& engine, const Arguments& arguments) {
  return handle_value(arguments, engine.keys.put(read_seeded_key(engine, arguments.bytes(0))));
}

/// key -> {level, specialPrimes, element}
Napi::Value describe_key(Engine& engine, const Arguments& arguments) {
  const KeyShape& shape = engine.keys.get(arguments.whole(0)).shape();
  const Napi::Object out = Napi::Object::New(arguments.env());
  out.Set("level", Napi::Number::New(arguments.env(), static_cast<double>(shape.basis.level)));
  out.Set("specialPrimes", Napi::Number::New(arguments.env(), static_cast<double>(shape.basis.special_count)));
  out.Set("element", Napi::Number::New(arguments.env(), static_cast<double>(shape.element)));
  return out;
}

}  // namespace

std::vector<EngineProperty> key_methods() {
  return {
      method<with_key<relinearize>>("relinearize"),
      method<with_key<relinearize_rescale>>("relinearizeRescale"),
      method<with_key<rotate>>("rotate"),
      method<with_key<switch_secret>>("switchSecret"),
      method<take_seal_key>("importSealKey"),
      method<take_seeded_key>("importSeededKey"),
      method<describe_key>("describeKey"),
  };
}

}  // namespace fhec
