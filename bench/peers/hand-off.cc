// What a hand-over between two threads costs at least: one word to another thread and back, without any language or
// library in between. `hand-off spin` watches the word, `hand-off sleep` sleeps until it changes.
//
// Each line "ROUNDS SAMPLES" of the input is answered with a line of SAMPLES figures, nanoseconds for one way there and
// back, each the mean of ROUNDS. It ends with its input.

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <thread>

namespace {

// A cache line each: what one side writes must not disturb what the other does.
struct alignas(128) Word {
  std::atomic<unsigned> value{0};
};

Word there;
Word back;
constexpr unsigned kEnd = ~0u;

template <bool sleeps>
void send(Word& word, unsigned value) {
  word.value.store(value, std::memory_order_release);
  if constexpr (sleeps) word.value.notify_one();
}

template <bool sleeps>
unsigned receive(Word& word, unsigned last) {
  unsigned value = word.value.load(std::memory_order_acquire);
  while (value == last) {
    if constexpr (sleeps) word.value.wait(last, std::memory_order_acquire);
    value = word.value.load(std::memory_order_acquire);
  }
  return value;
}

template <bool sleeps>
void answer() {
  unsigned value = 0;
  while ((value = receive<sleeps>(there, value)) != kEnd) send<sleeps>(back, value);
}

template <bool sleeps>
void serve() {
  std::thread other(answer<sleeps>);
  unsigned value = 0;
  unsigned rounds = 0;
  unsigned samples = 0;
  while (std::scanf("%u %u", &rounds, &samples) == 2 && rounds > 0) {
    for (unsigned sample = 0; sample < samples; sample++) {
      const auto start = std::chrono::steady_clock::now();
      for (unsigned round = 0; round < rounds; round++) {
        send<sleeps>(there, value + 1);
        value = receive<sleeps>(back, value);
      }
      const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - start;
      std::printf(sample == 0 ? "%.1f" : " %.1f", took.count() / rounds);
    }
    std::printf("\n");
    std::fflush(stdout);
  }
  send<sleeps>(there, kEnd);
  other.join();
}

}  // namespace

int main(int count, char** arguments) {
  if (count == 2 && std::strcmp(arguments[1], "spin") == 0) serve<false>();
  else if (count == 2 && std::strcmp(arguments[1], "sleep") == 0) serve<true>();
  else return 2;
  return 0;
}
