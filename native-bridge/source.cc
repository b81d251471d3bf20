#include "source.h"

#include "copy.h"

namespace plasmoid {

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
    CopyBytes(target, static_cast<uint8_t*>(view->Buffer()->Data()) + view->ByteOffset(), source.bytes);
    return;
  }
  const void* data = source.value->IsArrayBuffer() ? source.value.As<v8::ArrayBuffer>()->Data()
                                                   : source.value.As<v8::SharedArrayBuffer>()->Data();
  CopyBytes(target, data, source.bytes);
}

}  // namespace plasmoid
