#include <utility>

#include "addon.hpp"
#include "evaluate.hpp"

namespace fhec {
namespace {

Napi::Value keep(Engine& engine, const Arguments& arguments, Ciphertext made) {
  return handle_value(arguments, engine.ciphertexts.put(std::move(made)));
}

const Ciphertext& ciphertext(Engine& engine, const Arguments& arguments, std::size_t at) {
  return engine.ciphertexts.get(arguments.whole(at));
}

template <Ciphertext (*operation)(Engine&, const Ciphertext&)>
Napi::Value unary(Engine& engine, const Arguments& arguments) {
  return keep(engine, arguments, operation(engine, ciphertext(engine, arguments, 0)));
}

template <Ciphertext (*operation)(Engine&, const Ciphertext&, const Ciphertext&)>
Napi::Value binary(Engine& engine, const Arguments& arguments) {
  return keep(engine, arguments,
              operation(engine, ciphertext(engine, arguments, 0), ciphertext(engine, arguments, 1)));
}

template <Ciphertext (*operation)(Engine&, const Ciphertext&, const Plaintext&)>
Napi::Value with_plain(Engine& engine, const Arguments& arguments) {
  return keep(engine, arguments,
              operation(engine, ciphertext(engine, arguments, 0), engine.plaintexts.get(arguments.whole(1))));
}

template <Ciphertext (*operation)(Engine&, const Ciphertext&, std::size_t)>
Napi::Value with_number(Engine& engine, const Arguments& arguments) {
  return keep(engine, arguments, operation(engine, ciphertext(engine, arguments, 0), arguments.whole(1)));
}

}  // namespace

std::vector<EngineProperty> operation_methods() {
  return {
      method<binary<add>>("add"),
      method<binary<subtract>>("subtract"),
      method<unary<negate>>("negate"),
      method<binary<multiply>>("multiply"),
      method<with_plain<add_plain>>("addPlain"),
      method<with_plain<multiply_plain>>("multiplyPlain"),
      method<unary<rescale>>("rescale"),
      method<with_number<mod_drop>>("modDrop"),
      method<with_number<apply_automorphism>>("applyAutomorphism"),
      method<unary<multiply_by_i>>("multiplyByI"),
      method<with_number<mod_raise>>("modRaise"),
  };
}

}  // namespace fhec
