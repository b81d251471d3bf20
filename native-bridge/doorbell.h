// A doorbell wakes a thread that sleeps in its event loop; any thread may ring, at any moment of the owner's life.
#pragma once
#include <uv.h>

#include <atomic>

namespace plasmoid {

// Rung by deleters too, so ringing takes no lock. Closing waits for the rings under way (a few instructions each),
// because libuv aborts when a handle is used after its loop has closed it.
class Doorbell {
 public:
  void Ring() {
    // SYNC doorbell-close: the count is raised before the handle is read, lowered after its last use.
    ringing_.fetch_add(1);
    uv_async_t* handle = handle_.load();
    if (handle != nullptr) uv_async_send(handle);
    ringing_.fetch_sub(1);
  }

  void Open(uv_async_t* handle) { handle_.store(handle); }

  // After this returns nobody uses the handle any more.
  void Close() {
    // SYNC doorbell-close: no ring that starts later sees the handle, those that saw it are waited for.
    handle_.store(nullptr);
    while (ringing_.load() != 0) {
    }
  }

 private:
  std::atomic<uv_async_t*> handle_{nullptr};
  std::atomic<int> ringing_{0};
};

}  // namespace plasmoid
