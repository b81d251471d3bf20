// System failures as values: code, call and sizes travel to JavaScript, which makes its typed errors of them.
#pragma once
#include <node.h>
#include <uv.h>

#include <cerrno>
#include <cstdint>
#include <string>

namespace plasmoid {

// Throws an Error with `systemCode` (ENOSPC), `systemCall` (fallocate), `bytes` and `offset`.
inline void ThrowSystemError(v8::Isolate* isolate, int error_number, const char* call, uint64_t bytes,
                             uint64_t offset = 0) {
  const int uv_error = uv_translate_sys_error(error_number);
  const std::string code = uv_err_name(uv_error);
  const std::string message = std::string(call) + " of " + std::to_string(bytes) + " bytes at offset " +
                              std::to_string(offset) + " failed: " + uv_strerror(uv_error) + " (" + code + ")";
  auto text = [isolate](const std::string& value) {
    return v8::String::NewFromUtf8(isolate, value.c_str()).ToLocalChecked();
  };
  v8::Local<v8::Context> context = isolate->GetCurrentContext();
  v8::Local<v8::Object> error = v8::Exception::Error(text(message)).As<v8::Object>();
  error->Set(context, text("systemCode"), text(code)).Check();
  error->Set(context, text("systemCall"), text(call)).Check();
  error->Set(context, text("bytes"), v8::Number::New(isolate, static_cast<double>(bytes))).Check();
  error->Set(context, text("offset"), v8::Number::New(isolate, static_cast<double>(offset))).Check();
  isolate->ThrowException(error);
}

inline void ThrowMessage(v8::Isolate* isolate, const char* message) {
  isolate->ThrowException(
      v8::Exception::Error(v8::String::NewFromUtf8(isolate, message).ToLocalChecked()));
}

}  // namespace plasmoid
