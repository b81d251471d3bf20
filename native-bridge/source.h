// What a put copies, and where a get copies to: the bytes of a view or a buffer, shared or not.
#pragma once
#include <node.h>

#include <cstddef>
#include <cstdint>

namespace plasmoid {

struct Source {
  v8::Local<v8::Value> value;
  size_t bytes;
};

// Of a value that is a view, an ArrayBuffer or a SharedArrayBuffer.
Source SourceOf(v8::Local<v8::Value> value);

void CopySource(const Source& source, uint8_t* target);

// Before a copy from or to memory of JavaScript's. A large array that nobody has written to yet has no pages: finding them
// one by one takes as long as the copy. On huge pages it takes one five-hundredth of the steps (numpy asks for them at birth,
// V8 does not).
void PrepareLarge(void* start, size_t bytes);

struct Target {
  // Where the whole buffer begins.
  const void* buffer;
  uint8_t* data;
  size_t bytes;
};

// Of a value as for a source.
Target TargetOf(v8::Local<v8::Value> value);

}  // namespace plasmoid
