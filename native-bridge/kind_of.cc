#include "kind_of.h"

#include "arguments.h"
#include "generated/layout.h"

namespace plasmoid {

namespace {

// Whether an object has nothing but its properties: the question by which V8's own serializer goes. The public ones (is it
// a Map, a Promise, an iterator …) are twenty calls, take three times as long and leave some kinds out. Where these names
// are no longer in V8's headers this does not compile.
bool IsOrdinary(v8::Local<v8::Object> object) {
  using v8::internal::Internals;
  using v8::internal::ValueHelper;
  return Internals::GetInstanceType(ValueHelper::ValueAsAddress(*object)) == Internals::kJSObjectType;
}

// kindOf(object) → one of KIND
void KindOf(const Arguments& arguments) {
  v8::Local<v8::Object> object = arguments[0].As<v8::Object>();
  uint32_t answer = kind::kOther;
  if (IsOrdinary(object)) {
    answer = kind::kOrdinary;
  } else if (object->IsArray()) {
    answer = kind::kArray;
  } else if (object->IsDate()) {
    answer = kind::kDate;
  } else if (object->IsMap()) {
    answer = kind::kMap;
  } else if (object->IsSet()) {
    answer = kind::kSet;
  }
  arguments.GetReturnValue().Set(answer);
}

}  // namespace

void AddKindFunctions(v8::Local<v8::Object> exports) { NODE_SET_METHOD(exports, "kindOf", KindOf); }

}  // namespace plasmoid
