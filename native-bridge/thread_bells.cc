#include "thread_bells.h"

#include <array>
#include <atomic>

#include "arguments.h"
#include "failure.h"
#include "loop_bell.h"

namespace plasmoid {

namespace {

// Threads of one process that take part in runtimes, at one time.
constexpr uint32_t kMaxBells = 1024;

struct ThreadBell {
  Doorbell doorbell;
  std::atomic<bool> taken{false};
};

// Never destroyed: a thread may ring while the process ends.
std::array<ThreadBell, kMaxBells>& Bells() {
  static auto* bells = new std::array<ThreadBell, kMaxBells>();
  return *bells;
}

// What the thread that opened a bell has of it.
struct OpenBell {
  v8::Isolate* isolate;
  LoopBell* bell;
  uint32_t number;
};

void OnThreadEnd(void* data) {
  auto* open = static_cast<OpenBell*>(data);
  // Closed before the number is given away, so that nobody rings for its next owner by mistake; a late ring that does
  // is a wake-up in vain, which every sleeper expects.
  open->bell->Close();
  Bells()[open->number].taken.store(false);
  delete open;
}

OpenBell* Self(const Arguments& arguments) {
  return static_cast<OpenBell*>(arguments.Data().As<v8::External>()->Value());
}

// keepAlive(keep)
void KeepAlive(const Arguments& arguments) { Self(arguments)->bell->KeepAlive(Boolean(arguments, 0)); }

// close(): once
void Close(const Arguments& arguments) {
  OpenBell* open = Self(arguments);
  node::RemoveEnvironmentCleanupHook(open->isolate, OnThreadEnd, open);
  OnThreadEnd(open);
}

// openBell(onRing) → { number, keepAlive(keep), close() }, or undefined while all are taken
void Open(const Arguments& arguments) {
  v8::Isolate* isolate = arguments.GetIsolate();
  uint32_t number = 0;
  while (number < kMaxBells && Bells()[number].taken.exchange(true)) number++;
  if (number == kMaxBells) return;
  LoopBell* bell =
      LoopBell::Open(isolate, nullptr, Bells()[number].doorbell, arguments[0].As<v8::Function>());
  if (bell == nullptr) {
    Bells()[number].taken.store(false);
    return ThrowSystemError(isolate, ENOMEM, "uv_async_init", 0);
  }
  auto* open = new OpenBell{isolate, bell, number};
  node::AddEnvironmentCleanupHook(isolate, OnThreadEnd, open);
  v8::Local<v8::Object> object = v8::Object::New(isolate);
  v8::Local<v8::External> self = v8::External::New(isolate, open);
  AddMethod(isolate, object, "keepAlive", KeepAlive, self);
  AddMethod(isolate, object, "close", Close, self);
  object
      ->Set(isolate->GetCurrentContext(), v8::String::NewFromUtf8Literal(isolate, "number"),
            v8::Integer::NewFromUnsigned(isolate, number))
      .Check();
  arguments.GetReturnValue().Set(object);
}

// ringBell(number)
void Ring(const Arguments& arguments) { Bells()[Unsigned(arguments, 0)].doorbell.Ring(); }

}  // namespace

void AddThreadBellFunctions(v8::Local<v8::Object> exports) {
  NODE_SET_METHOD(exports, "openBell", Open);
  NODE_SET_METHOD(exports, "ringBell", Ring);
}

}  // namespace plasmoid
