#pragma once

#include <cstddef>

#include "failure.h"

namespace ticktape {

/**
 * Sets the size of an empty file and allocates every byte. A file that is only extended has holes. On a full disk, touching
 * a hole raises SIGBUS, long after the call that should have failed with ENOSPC.
 */
Failure allocate(int file, std::size_t size);

}  // namespace ticktape
