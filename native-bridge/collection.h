// Garbage collection on request: here, or on another thread whatever it is doing.
#pragma once
#include <node.h>

#include <cstdint>

#include "arena.h"

namespace plasmoid {

// Makes a client's thread reachable for interrupts; undone before its environment ends.
void RegisterForCollection(node::Environment* environment, const Arena* arena, uint32_t client);
void UnregisterForCollection(node::Environment* environment, const Arena* arena, uint32_t client);

// Asks a client's thread to collect. False when it is not alive.
bool RequestCollection(const std::shared_ptr<Arena>& arena, uint32_t client, bool full);

void AddCollectionFunctions(v8::Isolate* isolate, v8::Local<v8::Object> exports);

}  // namespace plasmoid
