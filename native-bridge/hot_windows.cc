#include "hot_windows.h"

namespace plasmoid {

v8::Local<v8::ArrayBuffer> HotWindows::Find(uint32_t number, uint32_t generation) {
  if (entries_.empty()) return {};
  Entry* entry = EntryOf(number);
  if (entry->number != number || entry->generation != generation) return {};
  if (entry->stage != Stage::kKept && entry->stage != Stage::kShared) return {};
  v8::Local<v8::ArrayBuffer> window = entry->window.Get(isolate_);
  if (entry->stage == Stage::kShared) return window;
  if (window->WasDetached()) {
    // Released early, or transferred, by its only owner.
    entry->window.Reset();
    entry->stage = Stage::kReleased;
    return {};
  }
  if (!MarkAsUntransferable(window)) return {};
  entry->stage = Stage::kShared;
  shared_[window->Data()] = entry;
  return window;
}

bool HotWindows::MarkAsUntransferable(v8::Local<v8::ArrayBuffer> window) {
  v8::Local<v8::Value> argument = window;
  v8::Local<v8::Function> mark = mark_as_untransferable_.Get(isolate_);
  return !mark->Call(isolate_->GetCurrentContext(), v8::Undefined(isolate_), 1, &argument).IsEmpty();
}

void HotWindows::Made(uint32_t number, uint32_t generation, v8::Local<v8::ArrayBuffer> window) {
  if (!kAvailable) return;
  if (entries_.empty()) entries_.resize(kEntries);
  Entry* entry = EntryOf(number);
  // Views of a shared window are out there: its place is taken until they are gone.
  if (entry->stage == Stage::kShared || entry->stage == Stage::kGivenUp) return;
  if (entry->number != number || entry->generation != generation || entry->stage == Stage::kEmpty) {
    entry->window.Reset();
    entry->number = number;
    entry->generation = generation;
    entry->stage = Stage::kSeen;
    return;
  }
  if (entry->stage == Stage::kReleased) return;
  entry->table = this;
  entry->stage = Stage::kKept;
  entry->window.Reset(isolate_, window);
  entry->window.SetWeak(
      entry,
      [](const v8::WeakCallbackInfo<Entry>& info) {
        Entry* gone = info.GetParameter();
        gone->window.Reset();
        const bool was_shared = gone->stage == Stage::kShared || gone->stage == Stage::kGivenUp;
        if (was_shared) std::erase_if(gone->table->shared_, [gone](const auto& pair) { return pair.second == gone; });
        // Still an object that is got again and again.
        gone->stage = Stage::kSeen;
      },
      v8::WeakCallbackType::kParameter);
}

bool HotWindows::GiveUp(v8::Local<v8::ArrayBuffer> window, const void* address) {
  if (shared_.empty()) return false;
  const auto found = shared_.find(address);
  if (found == shared_.end() || found->second->window != window) return false;
  found->second->stage = Stage::kGivenUp;
  return true;
}

void HotWindows::Clear() {
  for (Entry& entry : entries_) entry.window.Reset();
  entries_.clear();
  shared_.clear();
  mark_as_untransferable_.Reset();
}

}  // namespace plasmoid
