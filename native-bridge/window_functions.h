// The functions of a client object that show sealed objects, or copy them.
#pragma once
#include "arguments.h"

namespace plasmoid {

void Get(const Arguments& arguments);
void GetInto(const Arguments& arguments);
void ReleaseWindow(const Arguments& arguments);
void Check(const Arguments& arguments);
void PlaceOf(const Arguments& arguments);

}  // namespace plasmoid
