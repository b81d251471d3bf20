#include "copy_helper.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include "other_processors.h"

namespace plasmoid {

namespace {

// Threads of this process that are at a large copy of their own.
std::atomic<unsigned> copying{0};

// Where all other processors have copies of their own, a helper would only take its turns from them.
bool IsOneToSpare(unsigned other_processors) { return copying.load(std::memory_order_relaxed) <= other_processors; }

// Whether the calling thread has the priority of the process's main thread. The helper has that of the thread that started
// it, and helps nobody else: a copy would have to wait for a thread that may be less urgent.
bool IsOfPlainPriority() {
#ifdef __linux__
  // There the numbers of threads stand for themselves, the process's own for its main thread.
  return sched_getscheduler(0) == sched_getscheduler(getpid()) &&
         getpriority(PRIO_PROCESS, 0) == getpriority(PRIO_PROCESS, static_cast<id_t>(getpid()));
#else
  return true;
#endif
}

// A thread that sleeps until it is offered a copy. It helps with one at a time.
class CopyHelper {
 public:
  // False when somebody else has it, or it cannot be had. Otherwise it is the caller's until Withdraw().
  bool Offer(PiecedCopy* copy, const OtherProcessors& processors) {
    {
      std::lock_guard<std::mutex> guard(lock_);
      if (taken_ || (!running_ && !Start())) return false;
      taken_ = true;
      offered_ = copy;
      other_processors_ = processors.count();
      processors.Direct(thread_);
    }
    woken_.notify_one();
    return true;
  }

  // After this returns, the helper does not touch the copy any more.
  void Withdraw() {
    std::unique_lock<std::mutex> guard(lock_);
    // It may not even have woken up.
    offered_ = nullptr;
    // SYNC copy-helper: the lock acquires what the helper wrote before it said under it that it is done.
    done_.wait(guard, [this] { return !helping_; });
    taken_ = false;
  }

 private:
  bool Start() {
    // Signals are for Node's threads. Not those that a thread raises by itself, which must find their handlers.
    sigset_t blocked;
    sigset_t before;
    sigfillset(&blocked);
    for (const int raised : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP}) sigdelset(&blocked, raised);
    pthread_sigmask(SIG_SETMASK, &blocked, &before);
    try {
      std::thread thread([this] { Run(); });
      thread_ = thread.native_handle();
      // It ends with the process, and is asleep then: every thread waits for its own copy.
      thread.detach();
      running_ = true;
    } catch (const std::system_error&) {
      // Copies are as right without.
    }
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    return running_;
  }

  void Run() {
#ifdef __linux__
    // As tools and tests find it.
    pthread_setname_np(pthread_self(), "plasmoid-copy");
#endif
    std::unique_lock<std::mutex> guard(lock_);
    for (;;) {
      woken_.wait(guard, [this] { return offered_ != nullptr; });
      PiecedCopy* copy = std::exchange(offered_, nullptr);
      const unsigned other_processors = other_processors_;
      helping_ = true;
      guard.unlock();
      while (IsOneToSpare(other_processors) && copy->CopyNext()) {
      }
      guard.lock();
      // SYNC copy-helper: its pieces are written, and streamed stores fenced, before the lock is given up.
      helping_ = false;
      done_.notify_one();
    }
  }

  std::mutex lock_;
  std::condition_variable woken_;
  std::condition_variable done_;
  pthread_t thread_{};
  unsigned other_processors_ = 0;
  PiecedCopy* offered_ = nullptr;
  bool running_ = false;
  bool taken_ = false;
  bool helping_ = false;
};

// Never destroyed: its thread sleeps in it while the process ends.
CopyHelper& Helper() {
  static auto* helper = new CopyHelper();
  return *helper;
}

}  // namespace

void CopyWithHelp(PiecedCopy& copy) {
  const OtherProcessors processors;
  copying.fetch_add(1, std::memory_order_relaxed);
  const bool is_offered =
      IsOneToSpare(processors.count()) && IsOfPlainPriority() && Helper().Offer(&copy, processors);
  while (copy.CopyNext()) {
  }
  // From here on this thread has its processor to spare.
  copying.fetch_sub(1, std::memory_order_relaxed);
  if (is_offered) Helper().Withdraw();
}

}  // namespace plasmoid
