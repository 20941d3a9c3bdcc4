#pragma once

#include "../../cpp/include/ticktape/detail/words.h"
