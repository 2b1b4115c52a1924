#pragma once

#include <napi.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine.hpp"

namespace fhec {

/// The arguments of one call from JavaScript, checked: each getter throws FHE0801 when the argument is missing or of another kind.
class Arguments {
 public:
  explicit Arguments(const Napi::CallbackInfo& info) : info_(info) {}

  Napi::Env env() const { return info_.Env(); }
  /// A whole number from 0 to 2^53 - 1: a handle, a level, a size.
  std::uint64_t whole(std::size_t at) const;
  double number(std::size_t at) const;
  std::string text(std::size_t at) const;
  /// Views of typed arrays; they last as long as the call.
  std::span<const double> doubles(std::size_t at) const;
  std::span<const std::uint8_t> bytes(std::size_t at) const;
  std::span<const Word> words(std::size_t at) const;
  /// Whole numbers in a Float64Array.
  std::vector<std::uint64_t> wholes(std::size_t at) const;
  /// An array of Uint8Arrays.
  std::vector<std::span<const std::uint8_t>> bytes_list(std::size_t at) const;
  /// An array of Float64Arrays.
  std::vector<std::span<const double>> doubles_list(std::size_t at) const;

 private:
  Napi::TypedArray typed_array(std::size_t at, napi_typedarray_type type, const char* kind) const;
  template <class Element>
  std::vector<std::span<const Element>> list_of(std::size_t at, napi_typedarray_type type, const char* kind) const;
  [[noreturn]] void refuse(std::size_t at, const char* kind) const;

  const Napi::CallbackInfo& info_;
};

/// One method of the JavaScript class: works on the engine; an Error that it throws becomes a JavaScript Error with property `code`.
using Method = Napi::Value (*)(Engine& engine, const Arguments& arguments);

/// Calls the function and turns what it throws into JavaScript's exception: Error with its code, bad_alloc with FHE0805, others with FHE0801.
template <class Call>
auto guarded(Napi::Env env, Call&& call) -> decltype(call()) {
  const auto failed = [env](const char* code, const std::string& message) {
    Napi::Error error = Napi::Error::New(env, message);
    error.Value().Set("code", Napi::String::New(env, code));
    return error;
  };
  try {
    return call();
  } catch (const Napi::Error&) {
    throw;
  } catch (const Error& error) {
    throw failed(error.code(), error.what());
  } catch (const std::bad_alloc&) {
    throw failed("FHE0805", "the native engine ran out of memory");
  } catch (const std::exception& error) {
    throw failed("FHE0801", error.what());
  }
}

/// The class `Engine` of the addon.
class EngineObject : public Napi::ObjectWrap<EngineObject> {
 public:
  static Napi::Function define(Napi::Env env);

  /// new Engine({ringDegree, primes: BigUint64Array, specialPrimes: BigUint64Array, threads, kernel: 'automatic' | 'portable' | 'ifma', memoryBudget})
  explicit EngineObject(const Napi::CallbackInfo& info);

  template <Method function>
  Napi::Value call(const Napi::CallbackInfo& info) {
    return guarded(info.Env(), [&] { return function(engine(), Arguments(info)); });
  }

 private:
  /// Throws FHE0801 after `close`.
  Engine& engine();
  Napi::Value close(const Napi::CallbackInfo& info);
  /// keyMaker(secret): see new_key_maker.
  Napi::Value key_maker(const Napi::CallbackInfo& info);

  std::shared_ptr<Engine> engine_;
};

using EngineProperty = Napi::ClassPropertyDescriptor<EngineObject>;

template <Method function>
EngineProperty method(const char* name) {
  return EngineObject::InstanceMethod<&EngineObject::call<function>>(name);
}

inline Napi::Value handle_value(const Arguments& arguments, Handle handle) {
  return Napi::Number::New(arguments.env(), static_cast<double>(handle));
}

// The methods of each part of the engine; each list has its own file.
std::vector<EngineProperty> object_methods();     // addon_objects.cc: encode, import, export, release, memory
std::vector<EngineProperty> operation_methods();  // addon_operations.cc: operations without keys
std::vector<EngineProperty> key_methods();        // addon_keys.cc: operations with keys
std::vector<EngineProperty> fused_methods();      // addon_fused.cc: several operations in one

// addon_key_maker.cc

/// Makes the class of key makers known; once for each environment.
void define_key_maker(Napi::Env env);

/// A key maker. `secret`: N coefficients -1, 0 and 1 (Int8Array), or their transform modulo the base prime, which is how SEAL keeps them
/// (BigUint64Array). Throws FHE0702 for any other secret.
Napi::Value new_key_maker(Napi::Env env, const std::shared_ptr<Engine>& engine, Napi::Value secret);

}  // namespace fhec
