#pragma once

// The C++ library and the addon use the same offsets.
#include "../../cpp/include/ticktape/format.h"
