#pragma once

#include "../../cpp/include/ticktape/detail/crc32c.h"
