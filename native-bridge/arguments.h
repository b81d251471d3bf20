// Reading arguments and filling objects of functions. Callers are our own TypeScript, which has checked the types.
#pragma once
#include <node.h>

#include <cstdint>

namespace plasmoid {

using Arguments = v8::FunctionCallbackInfo<v8::Value>;

inline uint32_t Unsigned(const Arguments& arguments, int index) {
  return arguments[index].As<v8::Uint32>()->Value();
}
inline uint64_t Integer(const Arguments& arguments, int index) {
  return static_cast<uint64_t>(arguments[index].As<v8::Number>()->Value());
}
inline bool Boolean(const Arguments& arguments, int index) { return arguments[index]->IsTrue(); }

// The 28 bytes of an id argument, or null when it is undefined.
inline bool IdBytes(const Arguments& arguments, int index, uint8_t* id, size_t length) {
  if (!arguments[index]->IsUint8Array()) return false;
  arguments[index].As<v8::Uint8Array>()->CopyContents(id, length);
  return true;
}

// Adds a function whose data is `self`.
inline void AddMethod(v8::Isolate* isolate, v8::Local<v8::Object> target, const char* name,
                      v8::FunctionCallback callback, v8::Local<v8::Value> self) {
  v8::Local<v8::Context> context = isolate->GetCurrentContext();
  v8::Local<v8::Function> function =
      v8::Function::New(context, callback, self, 0, v8::ConstructorBehavior::kThrow).ToLocalChecked();
  target->Set(context, v8::String::NewFromUtf8(isolate, name).ToLocalChecked(), function).Check();
}

}  // namespace plasmoid
