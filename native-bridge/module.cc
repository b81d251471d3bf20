// The addon's entry. Context-aware: every thread that loads it gets functions of its own; what threads share lies in
// the registries of regions and arenas. Linked `-z nodelete`, because a window's deleter may run after the thread that
// loaded the addon has ended.
#include <cstring>

#include "allocator.h"
#include "arena.h"
#include "arguments.h"
#include "client.h"
#include "collection.h"
#include "copy.h"
#include "header_word.h"
#include "kind_of.h"
#include "region.h"
#include "size_class.h"
#include "thread_bells.h"

namespace plasmoid {

namespace {

uint8_t* BytesOf(v8::Local<v8::Value> value) {
  auto view = value.As<v8::Uint8Array>();
  return static_cast<uint8_t*>(view->Buffer()->Data()) + view->ByteOffset();
}

// copyBytes(target, source, nonTemporal): the copy of `put`, or the C library's memcpy, for comparison
void CopyBytesBetween(const Arguments& arguments) {
  const size_t bytes = arguments[1].As<v8::Uint8Array>()->ByteLength();
  if (Boolean(arguments, 2)) {
    CopyBytes(BytesOf(arguments[0]), BytesOf(arguments[1]), bytes);
  } else {
    std::memcpy(BytesOf(arguments[0]), BytesOf(arguments[1]), bytes);
  }
}

// nextHeader(header, event) → header or undefined: the bridge's reading of the transition table, for its test
void NextHeaderOf(const Arguments& arguments) {
  const uint64_t header = arguments[0].As<v8::BigInt>()->Uint64Value();
  uint64_t next;
  if (!NextHeader(header, static_cast<Event>(Unsigned(arguments, 1)), &next)) return;
  arguments.GetReturnValue().Set(v8::BigInt::NewFromUnsigned(arguments.GetIsolate(), next));
}

// sizeClass(units) → [rounded units, class]: for the test against the allocator's classes
void SizeClass(const Arguments& arguments) {
  v8::Isolate* isolate = arguments.GetIsolate();
  const uint64_t rounded = RoundToClass(Integer(arguments, 0));
  v8::Local<v8::Value> pair[] = {v8::Number::New(isolate, static_cast<double>(rounded)),
                                 v8::Integer::NewFromUnsigned(isolate, ClassOfRounded(rounded))};
  arguments.GetReturnValue().Set(v8::Array::New(isolate, pair, 2));
}

// Runs after the hooks of the thread's clients, which were added later.
void OnThreadEnd(void* data) {
  auto* isolate = static_cast<v8::Isolate*>(data);
  ForgetArenasOf(isolate);
  ForgetAllocatorsOf(isolate);
  ForgetRegionsOf(isolate);
}

}  // namespace

}  // namespace plasmoid

NODE_MODULE_INIT(/* exports, module, context */) {
  (void)module;
  v8::Isolate* isolate = context->GetIsolate();
  // Node aborts when a hook is added twice: an addon required again, past the module cache, is set up again.
  node::RemoveEnvironmentCleanupHook(isolate, plasmoid::OnThreadEnd, isolate);
  node::AddEnvironmentCleanupHook(isolate, plasmoid::OnThreadEnd, isolate);
  plasmoid::AddRegionFunctions(isolate, exports);
  plasmoid::AddAllocatorFunctions(exports);
  plasmoid::AddArenaFunctions(isolate, exports);
  plasmoid::AddClientFunctions(isolate, exports);
  plasmoid::AddCollectionFunctions(isolate, exports);
  plasmoid::AddThreadBellFunctions(exports);
  plasmoid::AddKindFunctions(exports);
  NODE_SET_METHOD(exports, "copyBytes", plasmoid::CopyBytesBetween);
  NODE_SET_METHOD(exports, "nextHeader", plasmoid::NextHeaderOf);
  NODE_SET_METHOD(exports, "sizeClass", plasmoid::SizeClass);
}
