// A client as JavaScript sees it: an object of functions for one thread and one arena.
#include "collection.h"
#include "connection.h"
#include "failure.h"
#include "source.h"
#include "window_functions.h"

namespace plasmoid {

namespace {

// Creates an object in the leased slot named by two arguments, or in one of the client's when the first is undefined; enters
// its id when there is one. A status; the slot is in `result`.
int32_t CreateObject(Client* client, const Arguments& arguments, int id_index, int leased_index, uint64_t bytes,
                     uint32_t format) {
  uint8_t id[kIdBytes];
  const bool named = IdBytes(arguments, id_index, id, kIdBytes);
  const uint64_t flags = named ? kNamedFlag : 0;
  uint32_t number;
  uint32_t generation;
  if (arguments[leased_index]->IsUndefined()) {
    if (!client->CreateHere(bytes, format, flags, &number, &generation)) {
      // Nothing is collected or evicted for an object that cannot be.
      return named && client->arena->LookUpId(id, &number, &generation) == status::kOk ? status::kExists
                                                                                       : status::kNoBlock;
    }
  } else {
    number = Unsigned(arguments, leased_index);
    generation = Unsigned(arguments, leased_index + 1);
    // Recalled meanwhile, or too small by now: the caller asks again.
    if (!client->CreateLeased(number, generation, bytes, format, flags)) return status::kNoBlock;
  }
  if (named && client->arena->InsertId(id, number) != status::kOk) {
    client->ForgetCreated(number);
    return status::kExists;
  }
  // SYNC await-id: entered before this look. The actor sets the word before its look into the index.
  if (named && Load(client->arena->Word(actor::kIdsAwaited)) != 0) client->arena->Await(number, generation);
  client->result[result_word::kSlot] = number;
  client->result[result_word::kGeneration] = generation;
  return status::kOk;
}

// put(source, format, ref, id, leasedSlot, leasedGeneration) → status; result: slot, generation, track
void Put(const Arguments& arguments) {
  Client* client = Connected(arguments);
  if (client == nullptr) return;
  const Source source = SourceOf(arguments[0]);
  const int32_t answer = CreateObject(client, arguments, 3, 4, source.bytes, Unsigned(arguments, 1));
  if (answer != status::kOk) return arguments.GetReturnValue().Set(answer);
  const uint32_t number = client->result[result_word::kSlot];
  Arena& arena = *client->arena;
  CopySource(source, arena.Bytes(number, Load(arena.Header(number))));
  client->result[result_word::kTrack] = client->Track(arguments[2].As<v8::Object>(), number);
  if (arena.debug()) arena.StoreChecksum(number);
  // SYNC seal-get: the bytes are written before this compare-exchange.
  const bool sealed = arena.Apply(number, client->result[result_word::kGeneration], Event::kSeal);
  arguments.GetReturnValue().Set(sealed ? status::kOk : status::kNotFound);
}

// create(sizeBytes, format, owner, id, leasedSlot, leasedGeneration) → ArrayBuffer or status;
// result: slot, generation, track, writable
void Create(const Arguments& arguments) {
  Client* client = Connected(arguments);
  if (client == nullptr) return;
  const int32_t answer = CreateObject(client, arguments, 3, 4, Integer(arguments, 0), Unsigned(arguments, 1));
  if (answer != status::kOk) return arguments.GetReturnValue().Set(answer);
  const uint32_t number = client->result[result_word::kSlot];
  uint32_t writable;
  v8::Local<v8::ArrayBuffer> buffer;
  if (!client->WriteWindow(number, client->result[result_word::kGeneration], &writable).ToLocal(&buffer)) {
    client->ForgetCreated(number);
    return arguments.GetReturnValue().Set(status::kNoWindow);
  }
  client->result[result_word::kTrack] =
      client->TrackSlot(arguments[2].As<v8::Object>(), number, client->result[result_word::kGeneration]);
  client->result[result_word::kWritable] = writable;
  arguments.GetReturnValue().Set(buffer);
}

// seal(slot, generation, track, writable, ref, format) → status. The ref takes the writing slot's hold over.
void Seal(const Arguments& arguments) {
  Client* client = Connected(arguments);
  if (client == nullptr) return;
  const uint32_t number = Unsigned(arguments, 0);
  const uint32_t generation = Unsigned(arguments, 1);
  const uint32_t track = Unsigned(arguments, 2);
  WritableWindow* window = client->FindWritable(Unsigned(arguments, 3), number, generation);
  if (window == nullptr) return arguments.GetReturnValue().Set(status::kNotWritable);
  Arena& arena = *client->arena;
  v8::Local<v8::ArrayBuffer> buffer = window->buffer.Get(arguments.GetIsolate());
  const bool whole = !buffer.IsEmpty() && !buffer->WasDetached() && buffer->ByteLength() == arena.Size(number) &&
                     AddressOf(buffer) == window->store->Data();
  client->CloseWritable(*window);
  if (!whole || !buffer->Detach(v8::Local<v8::Value>()).FromMaybe(false)) {
    arena.Apply(number, generation, Event::kAbort);
    client->ReleaseTracked(track, number);
    return arguments.GetReturnValue().Set(status::kWindowLost);
  }
  arena.Slot(number)[slot::kFormat] = Unsigned(arguments, 5);
  if (arena.debug()) arena.StoreChecksum(number);
  client->Retrack(track, arguments[4].As<v8::Object>());
  // SYNC seal-get: the writable window is gone from JavaScript, and its bytes are written, before this step.
  const bool sealed = arena.Apply(number, generation, Event::kSeal);
  arguments.GetReturnValue().Set(sealed ? status::kOk : status::kNotWritable);
}

// abort(slot, generation, track, writable) → status
void Abort(const Arguments& arguments) {
  Client* client = Connected(arguments);
  if (client == nullptr) return;
  const uint32_t number = Unsigned(arguments, 0);
  const uint32_t generation = Unsigned(arguments, 1);
  WritableWindow* window = client->FindWritable(Unsigned(arguments, 3), number, generation);
  if (window == nullptr || !client->arena->Apply(number, generation, Event::kAbort)) {
    return arguments.GetReturnValue().Set(status::kNotWritable);
  }
  client->CloseWritable(*window);
  v8::Local<v8::ArrayBuffer> buffer = window->buffer.Get(arguments.GetIsolate());
  if (!buffer.IsEmpty() && !buffer->WasDetached()) {
    // A buffer that cannot be detached (nobody can make one of a window) would only stay quarantined.
    static_cast<void>(buffer->Detach(v8::Local<v8::Value>()).FromMaybe(false));
  }
  client->ReleaseTracked(Unsigned(arguments, 2), number);
  arguments.GetReturnValue().Set(status::kOk);
}

// hold(ref, slot, generation) → status; result: track
void Hold(const Arguments& arguments) {
  Client* client = Connected(arguments);
  if (client == nullptr) return;
  const uint32_t number = Unsigned(arguments, 1);
  if (number >= client->arena->HighWater()) return arguments.GetReturnValue().Set(status::kNotFound);
  const int32_t answer = client->HoldAgain(number, Unsigned(arguments, 2));
  if (answer == status::kOk) client->result[result_word::kTrack] = client->Track(arguments[0].As<v8::Object>(), number);
  arguments.GetReturnValue().Set(answer);
}

// release(track, slot): gives a ref back
void Release(const Arguments& arguments) {
  Client* client = Connected(arguments);
  if (client != nullptr) client->ReleaseTracked(Unsigned(arguments, 0), Unsigned(arguments, 1));
}

// delete(slot, generation) → status
void Delete(const Arguments& arguments) {
  Client* client = Connected(arguments);
  if (client == nullptr) return;
  arguments.GetReturnValue().Set(client->Delete(Unsigned(arguments, 0), Unsigned(arguments, 1)));
}

// keep(slot, generation) → status: the store holds the object, too
void Keep(const Arguments& arguments) {
  Client* client = Connected(arguments);
  if (client == nullptr) return;
  arguments.GetReturnValue().Set(client->arena->Keep(Unsigned(arguments, 0), Unsigned(arguments, 1)));
}

// lookUp(id) → status; result: slot, generation
void LookUp(const Arguments& arguments) {
  Client* client = Connected(arguments);
  if (client == nullptr) return;
  uint8_t id[kIdBytes];
  IdBytes(arguments, 0, id, kIdBytes);
  arguments.GetReturnValue().Set(
      client->arena->LookUpId(id, &client->result[result_word::kSlot], &client->result[result_word::kGeneration]));
}

// handBack(slot, generation): returns a leased slot that is not wanted any more
void HandBack(const Arguments& arguments) {
  Client* client = Connected(arguments);
  if (client != nullptr) {
    client->arena->HandBack(Unsigned(arguments, 0), Unsigned(arguments, 1));
  }
}

// wakeActor()
void WakeActor(const Arguments& arguments) {
  Client* client = Connected(arguments);
  if (client != nullptr) client->arena->WakeActor();
}

// keepAlive(keep). Also in a store that was closed: its waits have failed, and their thread must be able to end.
void KeepAlive(const Arguments& arguments) {
  Connection* self = Self(arguments);
  if (self->client->connected) self->bell->KeepAlive(Boolean(arguments, 0));
}

void EndConnection(Connection* connection) {
  if (!connection->client->connected) return;
  UnregisterForCollection(connection->client->environment, connection->client->arena.get(),
                          connection->client->index);
  connection->client->Disconnect();
}

// disconnect()
void Disconnect(const Arguments& arguments) {
  Connection* connection = Self(arguments);
  if (!connection->client->connected) return;
  // First, while the client still holds the arena whose doorbell it is.
  connection->bell->Close();
  EndConnection(connection);
}

// The death notice: node runs it when the thread ends in any way, also by terminate() and out of heap.
void OnThreadEnd(void* data) {
  auto* connection = static_cast<Connection*>(data);
  // SYNC client-death: first, because the record's next owner, who may come as soon as it is seen dead, opens the same
  // doorbell. After disconnect() the bell is gone already.
  if (connection->client->connected) connection->bell->Close();
  EndConnection(connection);
  connection->client->EndOfThread();
  delete connection;
}

bool ClaimRecord(Arena& arena, uint32_t* index) {
  for (uint32_t candidate = 0; candidate < kMaxClients; candidate++) {
    uint32_t* word = arena.ClientWord(candidate, client::kState);
    uint32_t state = Load(word);
    if ((state & client_state::kMask) != client_state::kFree) continue;
    if (!CompareExchange(word, &state, state | client_state::kLive)) continue;
    uint32_t* high_water = arena.Word(actor::kClientHighWater);
    uint32_t end = Load(high_water);
    while (end < candidate + 1 && !CompareExchange(high_water, &end, candidate + 1)) {
    }
    *index = candidate;
    return true;
  }
  return false;
}

// attachClient(arena, onRing, stockLimitBytes, markAsUntransferable) → functions with `index` and `result`; undefined when
// all client records are taken, null when there is no such arena (any more)
void AttachClient(const Arguments& arguments) {
  v8::Isolate* isolate = arguments.GetIsolate();
  std::shared_ptr<Arena> arena = FindArena(Unsigned(arguments, 0));
  if (!arena) return arguments.GetReturnValue().SetNull();
  uint32_t index;
  if (!ClaimRecord(*arena, &index)) return;
  LoopBell* bell =
      LoopBell::Open(isolate, arena, arena->ClientDoorbell(index), arguments[1].As<v8::Function>());
  if (bell == nullptr) return ThrowSystemError(isolate, ENOMEM, "uv_async_init", 0);
  auto* connection = new Connection{
      std::make_unique<Client>(arena, index, isolate, Integer(arguments, 2), arguments[3].As<v8::Function>()), bell};
  RegisterForCollection(connection->client->environment, arena.get(), index);
  node::AddEnvironmentCleanupHook(isolate, OnThreadEnd, connection);

  v8::Local<v8::Context> context = isolate->GetCurrentContext();
  v8::Local<v8::Object> object = v8::Object::New(isolate);
  v8::Local<v8::External> self = v8::External::New(isolate, connection);
  const std::pair<const char*, v8::FunctionCallback> methods[] = {
      {"put", Put},           {"create", Create},
      {"seal", Seal},         {"abort", Abort},
      {"hold", Hold},         {"release", Release},
      {"get", Get},           {"releaseWindow", ReleaseWindow},
      {"delete", Delete},     {"lookUp", LookUp},
      {"handBack", HandBack}, {"wakeActor", WakeActor},
      {"keepAlive", KeepAlive},
      {"disconnect", Disconnect}, {"keep", Keep},
      {"check", Check},       {"placeOf", PlaceOf},
      {"getInto", GetInto},
  };
  for (const auto& [name, callback] : methods) AddMethod(isolate, object, name, callback, self);
  auto set = [&](const char* name, v8::Local<v8::Value> value) {
    object->Set(context, v8::String::NewFromUtf8(isolate, name).ToLocalChecked(), value).Check();
  };
  set("index", v8::Integer::NewFromUnsigned(isolate, index));
  set("result", connection->client->result_array.Get(isolate));
  arguments.GetReturnValue().Set(object);
}

}  // namespace

void AddClientFunctions(v8::Isolate* isolate, v8::Local<v8::Object> exports) {
  (void)isolate;
  NODE_SET_METHOD(exports, "attachClient", AttachClient);
}

}  // namespace plasmoid
