#include "source.h"

#include "copy.h"
#include "huge_pages.h"

namespace plasmoid {

namespace {

void* DataOf(v8::Local<v8::Value> buffer) {
  return buffer->IsArrayBuffer() ? buffer.As<v8::ArrayBuffer>()->Data() : buffer.As<v8::SharedArrayBuffer>()->Data();
}

}  // namespace

Source SourceOf(v8::Local<v8::Value> value) {
  if (value->IsArrayBufferView()) return {value, value.As<v8::ArrayBufferView>()->ByteLength()};
  if (value->IsArrayBuffer()) return {value, value.As<v8::ArrayBuffer>()->ByteLength()};
  return {value, value.As<v8::SharedArrayBuffer>()->ByteLength()};
}

void CopySource(const Source& source, uint8_t* target) {
  if (source.value->IsArrayBufferView()) {
    auto view = source.value.As<v8::ArrayBufferView>();
    if (!view->HasBuffer()) {
      // A small array that lives on V8's heap: read without giving it a buffer first. Not for others: V8 11 copies
      // nothing of an array that tracks the length of a resizable buffer.
      view->CopyContents(target, source.bytes);
      return;
    }
    uint8_t* data = static_cast<uint8_t*>(view->Buffer()->Data()) + view->ByteOffset();
    PrepareLarge(data, source.bytes);
    CopyBytes(target, data, source.bytes);
    return;
  }
  void* data = DataOf(source.value);
  PrepareLarge(data, source.bytes);
  CopyBytes(target, data, source.bytes);
}

void PrepareLarge(void* start, size_t bytes) {
  if (bytes >= kNonTemporalBytes) AskForHugePages(start, bytes);
}

Target TargetOf(v8::Local<v8::Value> value) {
  if (value->IsArrayBufferView()) {
    auto view = value.As<v8::ArrayBufferView>();
    // Gives a small array on V8's heap a buffer of its own; shared or not, a buffer's data is found in the same way.
    auto* data = static_cast<uint8_t*>(view->Buffer()->Data());
    return {data, data + view->ByteOffset(), view->ByteLength()};
  }
  auto* data = static_cast<uint8_t*>(DataOf(value));
  return {data, data, SourceOf(value).bytes};
}

}  // namespace plasmoid
