// Bells by number: any thread of the process can wake the event loop of another that has opened one.
#pragma once
#include <node.h>

namespace plasmoid {

void AddThreadBellFunctions(v8::Local<v8::Object> exports);

}  // namespace plasmoid
