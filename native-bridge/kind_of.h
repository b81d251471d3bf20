// What an object is to a structured clone, whatever its prototype says of it.
#pragma once
#include <node.h>

namespace plasmoid {

void AddKindFunctions(v8::Local<v8::Object> exports);

}  // namespace plasmoid
