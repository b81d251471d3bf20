// The event-loop side of a doorbell: a libuv handle that calls a JavaScript function on its own thread.
#pragma once
#include <node.h>
#include <uv.h>

#include <memory>

#include "arena.h"

namespace plasmoid {

// Owned by the thread it was made on. It holds the arena that the doorbell lies in while it is open, if there is one.
class LoopBell {
 public:
  static LoopBell* Open(v8::Isolate* isolate, std::shared_ptr<Arena> arena, Doorbell& doorbell,
                        v8::Local<v8::Function> on_ring);
  // Whether the bell keeps the event loop alive: only while somebody waits for an answer.
  void KeepAlive(bool keep);
  // Closes at once; the object deletes itself when libuv is done. Idempotent, on the owning thread.
  void Close();

 private:
  LoopBell(v8::Isolate* isolate, std::shared_ptr<Arena> arena, Doorbell& doorbell);
  static void OnRing(uv_async_t* handle);
  static void OnEnvironmentEnd(void* data, void (*done)(void*), void* done_data);
  void Finish();

  v8::Isolate* isolate_;
  std::shared_ptr<Arena> arena_;
  Doorbell& doorbell_;
  uv_async_t async_;
  v8::Global<v8::Function> on_ring_;
  v8::Global<v8::Context> context_;
  bool closing_ = false;
  // Set while the environment waits for the handle to close: a handle still open then aborts the process.
  void (*environment_done_)(void*) = nullptr;
  void* environment_done_data_ = nullptr;
  node::AsyncCleanupHookHandle hook_;
};

}  // namespace plasmoid
