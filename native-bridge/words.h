// Atomic access to words of shared memory. Plain pointers with the compiler's atomic built-ins: the same words are
// written by JavaScript's Atomics, which know nothing of C++ objects.
#pragma once
#include <cstddef>
#include <cstdint>

namespace plasmoid {

template <typename T>
inline T LoadAcquire(const T* word) {
  return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}
// Sequentially consistent where two threads each write one word and read the other's (sleeping flags, holds against
// tombstones): with anything weaker both may miss the other's write.
template <typename T>
inline T Load(const T* word) {
  return __atomic_load_n(word, __ATOMIC_SEQ_CST);
}
template <typename T>
inline void Store(T* word, T value) {
  __atomic_store_n(word, value, __ATOMIC_SEQ_CST);
}
// For words that one thread alone writes at a time: who reads them orders itself by another word.
template <typename T>
inline void StoreRelease(T* word, T value) {
  __atomic_store_n(word, value, __ATOMIC_RELEASE);
}
// For words that are only hints.
template <typename T>
inline void StoreRelaxed(T* word, T value) {
  __atomic_store_n(word, value, __ATOMIC_RELAXED);
}
template <typename T>
inline T FetchAdd(T* word, T value) {
  return __atomic_fetch_add(word, value, __ATOMIC_SEQ_CST);
}
template <typename T>
inline T FetchSub(T* word, T value) {
  return __atomic_fetch_sub(word, value, __ATOMIC_SEQ_CST);
}
template <typename T>
inline T Exchange(T* word, T value) {
  return __atomic_exchange_n(word, value, __ATOMIC_SEQ_CST);
}
// On failure `expected` takes the value found.
template <typename T>
inline bool CompareExchange(T* word, T* expected, T desired) {
  return __atomic_compare_exchange_n(word, expected, desired, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

}  // namespace plasmoid
