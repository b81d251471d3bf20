// The processors that a thread may use beside the one it is on.
#pragma once
#include <pthread.h>
#include <sched.h>

#include <thread>

namespace plasmoid {

class OtherProcessors {
 public:
  // Of the calling thread, at this moment.
  OtherProcessors() {
#ifdef __linux__
    if (sched_getaffinity(0, sizeof allowed_, &allowed_) == 0) {
      const int here = sched_getcpu();
      if (here >= 0) CPU_CLR(here, &allowed_);
      is_known_ = true;
      count_ = static_cast<unsigned>(CPU_COUNT(&allowed_));
      return;
    }
#endif
    const unsigned all = std::thread::hardware_concurrency();
    count_ = all == 0 ? 0 : all - 1;
  }

  unsigned count() const { return count_; }

  // Has another thread run there from its next wake-up on. Left to itself, Linux likes to wake a thread beside the one
  // that woke it when all other processors are in use, if only by what runs when nothing else does.
  void Direct(pthread_t thread) const {
#ifdef __linux__
    // Where this fails, the thread is woken where it may.
    if (is_known_ && count_ > 0) static_cast<void>(pthread_setaffinity_np(thread, sizeof allowed_, &allowed_));
#else
    (void)thread;
#endif
  }

 private:
#ifdef __linux__
  cpu_set_t allowed_;
  bool is_known_ = false;
#endif
  unsigned count_;
};

}  // namespace plasmoid
