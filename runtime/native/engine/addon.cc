#include "addon.hpp"

#include <cmath>
#include <limits>
#include <new>

namespace fhec {

void Arguments::refuse(std::size_t at, const char* kind) const {
  throw Error("FHE0801", "argument " + std::to_string(at) + " of a call into the native engine is not " + kind);
}

namespace {

bool is_whole(double value) { return value >= 0 && value <= 0x1p53 - 1 && value == std::floor(value); }

}  // namespace

std::uint64_t Arguments::whole(std::size_t at) const {
  const double value = number(at);
  if (!is_whole(value)) refuse(at, "a whole number from 0 to 2^53 - 1");
  return static_cast<std::uint64_t>(value);
}

std::vector<std::uint64_t> Arguments::wholes(std::size_t at) const {
  std::vector<std::uint64_t> list;
  for (const double value : doubles(at)) {
    if (!is_whole(value)) refuse(at, "a list of whole numbers from 0 to 2^53 - 1");
    list.push_back(static_cast<std::uint64_t>(value));
  }
  return list;
}

double Arguments::number(std::size_t at) const {
  if (!info_[at].IsNumber()) refuse(at, "a number");
  return info_[at].As<Napi::Number>().DoubleValue();
}

std::string Arguments::text(std::size_t at) const {
  if (!info_[at].IsString()) refuse(at, "a text");
  return info_[at].As<Napi::String>().Utf8Value();
}

Napi::TypedArray Arguments::typed_array(std::size_t at, napi_typedarray_type type, const char* kind) const {
  if (!info_[at].IsTypedArray()) refuse(at, kind);
  const auto array = info_[at].As<Napi::TypedArray>();
  if (array.TypedArrayType() != type) refuse(at, kind);
  return array;
}

std::span<const double> Arguments::doubles(std::size_t at) const {
  const auto array = typed_array(at, napi_float64_array, "a Float64Array").As<Napi::Float64Array>();
  return {array.Data(), array.ElementLength()};
}

std::span<const std::uint8_t> Arguments::bytes(std::size_t at) const {
  const auto array = typed_array(at, napi_uint8_array, "a Uint8Array").As<Napi::Uint8Array>();
  return {array.Data(), array.ElementLength()};
}

std::span<const Word> Arguments::words(std::size_t at) const {
  const auto array = typed_array(at, napi_biguint64_array, "a BigUint64Array").As<Napi::BigUint64Array>();
  return {array.Data(), array.ElementLength()};
}

template <class Element>
std::vector<std::span<const Element>> Arguments::list_of(std::size_t at, napi_typedarray_type type, const char* kind) const {
  if (!info_[at].IsArray()) refuse(at, kind);
  const auto array = info_[at].As<Napi::Array>();
  std::vector<std::span<const Element>> list;
  for (std::uint32_t i = 0; i < array.Length(); i++) {
    const Napi::Value value = array.Get(i);
    if (!value.IsTypedArray() || value.As<Napi::TypedArray>().TypedArrayType() != type) refuse(at, kind);
    const auto typed = value.As<Napi::TypedArrayOf<Element>>();
    list.emplace_back(typed.Data(), typed.ElementLength());
  }
  return list;
}

std::vector<std::span<const std::uint8_t>> Arguments::bytes_list(std::size_t at) const {
  return list_of<std::uint8_t>(at, napi_uint8_array, "an array of Uint8Arrays");
}

std::vector<std::span<const double>> Arguments::doubles_list(std::size_t at) const {
  return list_of<double>(at, napi_float64_array, "an array of Float64Arrays");
}

namespace {

[[noreturn]] void refuse_option(const char* name) {
  throw Error("FHE0801", std::string("the option ") + name + " of the native engine is missing or of another kind");
}

std::size_t whole_option(const Napi::Object& options, const char* name) {
  const Napi::Value value = options.Get(name);
  const double number = value.IsNumber() ? value.As<Napi::Number>().DoubleValue() : -1;
  if (!(number >= 0) || number > 0x1p53 - 1 || number != std::floor(number)) refuse_option(name);
  return static_cast<std::size_t>(number);
}

std::vector<Word> primes_option(const Napi::Object& options, const char* name) {
  const Napi::Value value = options.Get(name);
  if (!value.IsTypedArray() || value.As<Napi::TypedArray>().TypedArrayType() != napi_biguint64_array) refuse_option(name);
  const auto array = value.As<Napi::BigUint64Array>();
  return {array.Data(), array.Data() + array.ElementLength()};
}

KernelChoice kernel_option(const Napi::Object& options) {
  const Napi::Value value = options.Get("kernel");
  const std::string name = value.IsString() ? value.As<Napi::String>().Utf8Value() : "";
  if (name == "automatic") return KernelChoice::automatic;
  if (name == "portable") return KernelChoice::portable;
  if (name == "ifma") return KernelChoice::ifma;
  refuse_option("kernel");
}

}  // namespace

EngineObject::EngineObject(const Napi::CallbackInfo& info) : Napi::ObjectWrap<EngineObject>(info) {
  guarded(info.Env(), [&] {
    if (!info[0].IsObject()) refuse_option("object");
    const auto given = info[0].As<Napi::Object>();
    EngineOptions options;
    options.degree = whole_option(given, "ringDegree");
    options.data_primes = primes_option(given, "primes");
    options.special_primes = primes_option(given, "specialPrimes");
    options.threads = whole_option(given, "threads");
    options.kernel = kernel_option(given);
    options.memory_budget = whole_option(given, "memoryBudget");
    engine_ = std::make_shared<Engine>(options);
  });
}

Engine& EngineObject::engine() {
  if (!engine_) throw Error("FHE0801", "the native engine is closed");
  return *engine_;
}

Napi::Value EngineObject::close(const Napi::CallbackInfo& info) {
  engine_.reset();
  return info.Env().Undefined();
}

Napi::Value EngineObject::key_maker(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&] {
    engine();
    return new_key_maker(info.Env(), engine_, info[0]);
  });
}

Napi::Function EngineObject::define(Napi::Env env) {
  std::vector<EngineProperty> properties = object_methods();
  for (const auto& list : {operation_methods(), key_methods(), fused_methods()})
    properties.insert(properties.end(), list.begin(), list.end());
  properties.push_back(InstanceMethod<&EngineObject::close>("close"));
  properties.push_back(InstanceMethod<&EngineObject::key_maker>("keyMaker"));
  return DefineClass(env, "Engine", properties);
}

namespace {

Napi::Object initialize(Napi::Env env, Napi::Object exports) {
  exports.Set("Engine", EngineObject::define(env));
  define_key_maker(env);
  return exports;
}

}  // namespace

NODE_API_MODULE(fhec_native, initialize)

}  // namespace fhec
