#include "window_functions.h"

#include "connection.h"
#include "live_arenas.h"
#include "source.h"

namespace plasmoid {

// get(slot, generation, target?, format?) → ArrayBuffer or status; result: format. Or the size of an object of this format
// whose bytes were copied into the target: nobody needs a window on it.
void Get(const Arguments& arguments) {
  Client* client = Connected(arguments);
  if (client == nullptr) return;
  const uint32_t number = Unsigned(arguments, 0);
  if (number >= client->arena->max_objects()) return arguments.GetReturnValue().Set(status::kNotFound);
  const uint32_t generation = Unsigned(arguments, 1);
  uint64_t header;
  if (client->arena->debug() && client->arena->IsMarkedDamaged(number) &&
      GenerationOf(Load(client->arena->Header(number))) == generation) {
    return arguments.GetReturnValue().Set(status::kDamaged);
  }
  const uint32_t* record = client->arena->Slot(number);
  v8::Local<v8::ArrayBuffer> window = client->HotWindow(number, generation);
  if (window.IsEmpty()) {
    const int32_t answer = client->arena->Pin(number, generation, &header);
    if (answer != status::kOk) return arguments.GetReturnValue().Set(answer);
    if (arguments[2]->IsArrayBuffer()) {
      const uint32_t copied = client->CopyOut(number, header, arguments[2].As<v8::ArrayBuffer>(), Unsigned(arguments, 3));
      if (copied != 0) return arguments.GetReturnValue().Set(copied);
    }
    window = client->ReadWindow(number, header);
    const uint64_t size = client->arena->Size(number);
    if (size != 0 && size <= kHotWindowBytes && !client->arena->debug()) {
      client->hot_windows.Made(number, generation, window);
    }
  }
  client->result[result_word::kFormat] = record[slot::kFormat];
  arguments.GetReturnValue().Set(window);
}

// getInto(slot, generation, target, formats) → bytes copied, or status: of objects whose format has a code below `formats`
void GetInto(const Arguments& arguments) {
  Client* client = Connected(arguments);
  if (client == nullptr) return;
  const uint32_t number = Unsigned(arguments, 0);
  if (number >= client->arena->max_objects()) return arguments.GetReturnValue().Set(status::kNotFound);
  const Target target = TargetOf(arguments[2]);
  const Arena* arena = client->arena.get();
  const bool is_own = arena->Contains(target.buffer);
  if (is_own ? !client->IsWritable(target.buffer) : IsInOtherArena(arena, target.buffer)) {
    return arguments.GetReturnValue().Set(status::kTargetSealed);
  }
  uint64_t bytes;
  const int32_t answer = client->CopyInto(number, Unsigned(arguments, 1), Unsigned(arguments, 3), target, &bytes);
  if (answer != status::kOk) return arguments.GetReturnValue().Set(answer);
  arguments.GetReturnValue().Set(static_cast<double>(bytes));
}

namespace {

// The buffer of a view, or the value itself; null when it is neither on a buffer that is not shared.
v8::Local<v8::ArrayBuffer> BufferOf(v8::Local<v8::Value> value) {
  if (value->IsArrayBufferView()) value = value.As<v8::ArrayBufferView>()->Buffer();
  return value->IsArrayBuffer() ? value.As<v8::ArrayBuffer>() : v8::Local<v8::ArrayBuffer>();
}

}  // namespace

// releaseWindow(view or buffer) → status: detaches it, so that every view on it is empty, and gives its pin back. Allowed
// after the store was closed or left: views stay true then, and may still be let go early.
void ReleaseWindow(const Arguments& arguments) {
  Client* client = Self(arguments)->client.get();
  const v8::Local<v8::ArrayBuffer> buffer = BufferOf(arguments[0]);
  if (buffer.IsEmpty()) return arguments.GetReturnValue().Set(status::kNotAWindow);
  // Who has left the store borrows the arena from the windows that keep it.
  const std::shared_ptr<Arena> borrowed = client->arena ? nullptr : client->arena_of_windows.lock();
  Arena* arena = client->arena ? client->arena.get() : borrowed.get();
  const void* data = AddressOf(buffer);
  const bool is_window =
      arena != nullptr && !buffer->WasDetached() && arena->Contains(data) && !client->IsWritable(data);
  // Others of this thread look through it, too.
  if (is_window && client->hot_windows.GiveUp(buffer, data)) return arguments.GetReturnValue().Set(status::kOk);
  if (is_window && arena->debug()) client->Quarantine(buffer);
  if (!is_window || !buffer->Detach(v8::Local<v8::Value>()).FromMaybe(false)) {
    return arguments.GetReturnValue().Set(status::kNotAWindow);
  }
  arguments.GetReturnValue().Set(status::kOk);
}

// check(slot, generation) → status: kDamaged when the bytes of an object that this thread views are not those that were
// sealed. In debug mode; also after the store was closed or left.
void Check(const Arguments& arguments) {
  const std::shared_ptr<Arena> arena = Self(arguments)->client->arena_of_windows.lock();
  const uint32_t number = Unsigned(arguments, 0);
  const bool is_there = arena && GenerationOf(Load(arena->Header(number))) == Unsigned(arguments, 1);
  arguments.GetReturnValue().Set(is_there && !arena->CheckBytes(number) ? status::kDamaged : status::kOk);
}

// placeOf(buffer) → status; result: slot, generation. For windows that came from elsewhere; looks at every object.
void PlaceOf(const Arguments& arguments) {
  Client* client = Connected(arguments);
  if (client == nullptr) return;
  arguments.GetReturnValue().Set(status::kNotFound);
  if (!arguments[0]->IsArrayBuffer()) return;
  const void* data = AddressOf(arguments[0].As<v8::ArrayBuffer>());
  const Arena& arena = *client->arena;
  for (uint32_t number = 0; number < arena.HighWater(); number++) {
    const uint64_t header = Load(arena.Header(number));
    // A window pins its object, and no two pinned objects lie in one place.
    if (PinsOf(header) == 0 || arena.Bytes(number, header) != data) continue;
    client->result[result_word::kSlot] = number;
    client->result[result_word::kGeneration] = GenerationOf(header);
    return arguments.GetReturnValue().Set(status::kOk);
  }
}

}  // namespace plasmoid
