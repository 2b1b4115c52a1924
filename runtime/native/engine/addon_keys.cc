#include <utility>

#include "addon.hpp"
#include "key_switch.hpp"
#include "rotation.hpp"
#include "seal_keys.hpp"

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

}  // namespace

std::vector<EngineProperty> key_methods() {
  return {
      method<with_key<relinearize>>("relinearize"),
      method<with_key<relinearize_rescale>>("relinearizeRescale"),
      method<with_key<rotate>>("rotate"),
      method<with_key<switch_secret>>("switchSecret"),
      method<take_seal_key>("importSealKey"),
  };
}

}  // namespace fhec
