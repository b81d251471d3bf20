// What the functions of one client object share.
#pragma once
#include "arguments.h"
#include "client.h"
#include "loop_bell.h"

namespace plasmoid {

// Everything the functions of one client object work on. Lives until the thread ends: functions may be kept by
// JavaScript after disconnecting, and quarantined windows report here.
struct Connection {
  std::unique_ptr<Client> client;
  LoopBell* bell;
};

inline Connection* Self(const Arguments& arguments) {
  return static_cast<Connection*>(arguments.Data().As<v8::External>()->Value());
}

// The client of an open store, or null with the status kClosed returned.
inline Client* Connected(const Arguments& arguments) {
  Client* client = Self(arguments)->client.get();
  if (client->connected && !client->arena->IsClosed()) return client;
  arguments.GetReturnValue().Set(status::kClosed);
  return nullptr;
}

// Where a buffer's bytes lie. V8 answers no address for a buffer without bytes; its backing store knows it.
inline const void* AddressOf(v8::Local<v8::ArrayBuffer> buffer) {
  if (buffer->ByteLength() != 0 || buffer->WasDetached()) return buffer->Data();
  return buffer->GetBackingStore()->Data();
}

}  // namespace plasmoid
