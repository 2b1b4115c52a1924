#include <memory>
#include <utility>

#include "addon.hpp"
#include "key_maker.hpp"

namespace fhec {
namespace {

Napi::Uint8Array bytes_of(Napi::Env env, Engine& engine, const SeededKey& key) {
  Napi::Uint8Array out = Napi::Uint8Array::New(env, seeded_key_bytes(engine.ring(), key.shape));
  write_seeded_key(engine, key, {out.Data(), out.ElementLength()});
  return out;
}

/// The class `KeyMaker` of the addon: the client's, since it holds a secret, which is wiped by `release` or with the
/// object.
class KeyMakerObject : public Napi::ObjectWrap<KeyMakerObject> {
 public:
  /// Called by new_key_maker with what it makes; JavaScript cannot make such a value.
  explicit KeyMakerObject(const Napi::CallbackInfo& info) : Napi::ObjectWrap<KeyMakerObject>(info) {
    if (!info[0].IsExternal()) throw Napi::TypeError::New(info.Env(), "a key maker is made by an engine");
    auto* const parts = info[0].As<Napi::External<Parts>>().Data();
    engine_ = parts->engine;
    maker_ = std::move(parts->maker);
  }

  struct Parts {
    std::weak_ptr<Engine> engine;
    std::unique_ptr<KeyMaker> maker;
  };

  /// (level) -> bytes
  Napi::Value relinearization(const Napi::CallbackInfo& info) {
    return made(info, [&](const Arguments& arguments) { return maker().relinearization(arguments.whole(0)); });
  }

  /// (Galois element, level) -> bytes
  Napi::Value galois(const Napi::CallbackInfo& info) {
    return made(
        info, [&](const Arguments& arguments) { return maker().galois(arguments.whole(0), arguments.whole(1)); });
  }

  /// (Hamming weight, level of the key back) -> {toSparse, toDense}: the keys of a fresh sparse secret, which is forgotten
  Napi::Value sparse_pair(const Napi::CallbackInfo& info) {
    return guarded(info.Env(), [&]() -> Napi::Value {
      const std::shared_ptr<Engine> engine = held();
      const Arguments arguments(info);
      const SmallSecret sparse = maker().sparse_secret(arguments.whole(0));
      const Napi::Object out = Napi::Object::New(info.Env());
      out.Set("toSparse", bytes_of(info.Env(), *engine, maker().to_sparse(sparse)));
      out.Set("toDense", bytes_of(info.Env(), *engine, maker().to_dense(sparse, arguments.whole(1))));
      return out;
    });
  }

  Napi::Value release(const Napi::CallbackInfo& info) {
    maker_.reset();
    return info.Env().Undefined();
  }

 private:
  template <class Make>
  Napi::Value made(const Napi::CallbackInfo& info, const Make& make) {
    return guarded(info.Env(), [&]() -> Napi::Value {
      const std::shared_ptr<Engine> engine = held();
      return bytes_of(info.Env(), *engine, make(Arguments(info)));
    });
  }

  /// Throws FHE0801 after the engine was closed.
  std::shared_ptr<Engine> held() const {
    std::shared_ptr<Engine> engine = engine_.lock();
    if (!engine) throw Error("FHE0801", "the native engine is closed");
    return engine;
  }

  /// Throws FHE0801 after `release`.
  const KeyMaker& maker() const {
    if (!maker_) throw Error("FHE0801", "the key maker was released");
    return *maker_;
  }

  std::weak_ptr<Engine> engine_;
  std::unique_ptr<KeyMaker> maker_;
};

}  // namespace

void define_key_maker(Napi::Env env) {
  const Napi::Function constructor =
      KeyMakerObject::DefineClass(env, "KeyMaker",
                                  {KeyMakerObject::InstanceMethod<&KeyMakerObject::relinearization>("relinearization"),
                                   KeyMakerObject::InstanceMethod<&KeyMakerObject::galois>("galois"),
                                   KeyMakerObject::InstanceMethod<&KeyMakerObject::sparse_pair>("sparsePair"),
                                   KeyMakerObject::InstanceMethod<&KeyMakerObject::release>("release")});
  // The environment deletes its data when it ends.
  env.SetInstanceData(new Napi::FunctionReference(Napi::Persistent(constructor)));
}

Napi::Value new_key_maker(Napi::Env env, const std::shared_ptr<Engine>& engine, Napi::Value secret) {
  constexpr const char* kinds = "a secret is an Int8Array or a BigUint64Array";
  if (!secret.IsTypedArray()) throw Error("FHE0801", kinds);
  const auto array = secret.As<Napi::TypedArray>();
  const auto read = [&]() -> SmallSecret {
    if (array.TypedArrayType() == napi_int8_array) {
      const auto coefficients = array.As<Napi::Int8Array>();
      return ternary_secret(engine->ring(),
                            std::span<const std::int8_t>(coefficients.Data(), coefficients.ElementLength()));
    }
    if (array.TypedArrayType() != napi_biguint64_array) throw Error("FHE0801", kinds);
    const auto words = array.As<Napi::BigUint64Array>();
    return ternary_secret(engine->memory(), engine->ring(),
                          std::span<const Word>(words.Data(), words.ElementLength()));
  };
  KeyMakerObject::Parts parts{engine, std::make_unique<KeyMaker>(*engine, read())};
  return env.GetInstanceData<Napi::FunctionReference>()->New({Napi::External<KeyMakerObject::Parts>::New(env, &parts)});
}

}  // namespace fhec
