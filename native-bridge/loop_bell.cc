#include "loop_bell.h"

namespace plasmoid {

LoopBell::LoopBell(v8::Isolate* isolate, std::shared_ptr<Arena> arena, Doorbell& doorbell)
    : isolate_(isolate), arena_(std::move(arena)), doorbell_(doorbell) {}

LoopBell* LoopBell::Open(v8::Isolate* isolate, std::shared_ptr<Arena> arena, Doorbell& doorbell,
                         v8::Local<v8::Function> on_ring) {
  auto* bell = new LoopBell(isolate, std::move(arena), doorbell);
  if (uv_async_init(node::GetCurrentEventLoop(isolate), &bell->async_, OnRing) != 0) {
    delete bell;
    return nullptr;
  }
  bell->async_.data = bell;
  bell->on_ring_.Reset(isolate, on_ring);
  bell->context_.Reset(isolate, isolate->GetCurrentContext());
  uv_unref(reinterpret_cast<uv_handle_t*>(&bell->async_));
  bell->hook_ = node::AddEnvironmentCleanupHook(isolate, OnEnvironmentEnd, bell);
  doorbell.Open(&bell->async_);
  return bell;
}

void LoopBell::KeepAlive(bool keep) {
  if (closing_) return;
  auto* handle = reinterpret_cast<uv_handle_t*>(&async_);
  keep ? uv_ref(handle) : uv_unref(handle);
}

void LoopBell::OnRing(uv_async_t* handle) {
  auto* bell = static_cast<LoopBell*>(handle->data);
  if (bell->closing_) return;
  v8::HandleScope scope(bell->isolate_);
  v8::Local<v8::Context> context = bell->context_.Get(bell->isolate_);
  v8::Context::Scope context_scope(context);
  v8::Local<v8::Function> on_ring = bell->on_ring_.Get(bell->isolate_);
  // An exception goes to the thread's uncaughtException, as from any other callback of the loop.
  (void)node::MakeCallback(bell->isolate_, context->Global(), on_ring, 0, nullptr, node::async_context{0, 0});
}

void LoopBell::Close() {
  if (closing_) return;
  closing_ = true;
  doorbell_.Close();
  // Now, not when libuv is done: nothing may keep a closed store's memory mapped for another turn of the loop.
  arena_.reset();
  on_ring_.Reset();
  context_.Reset();
  uv_close(reinterpret_cast<uv_handle_t*>(&async_),
           [](uv_handle_t* handle) { static_cast<LoopBell*>(handle->data)->Finish(); });
}

void LoopBell::OnEnvironmentEnd(void* data, void (*done)(void*), void* done_data) {
  auto* bell = static_cast<LoopBell*>(data);
  bell->environment_done_ = done;
  bell->environment_done_data_ = done_data;
  bell->Close();
}

void LoopBell::Finish() {
  if (environment_done_ != nullptr) {
    environment_done_(environment_done_data_);
  } else {
    node::RemoveEnvironmentCleanupHook(std::move(hook_));
  }
  delete this;
}

}  // namespace plasmoid
