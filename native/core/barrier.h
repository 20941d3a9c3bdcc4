#pragma once

#include "../../cpp/include/ticktape/detail/barrier.h"
