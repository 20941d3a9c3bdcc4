#pragma once

#include <cstddef>

#include "failure.h"

namespace ticktape {

/**
 * Gives an empty file its size with every byte allocated. A file that is only extended has holes: touching one on a full
 * disk is a SIGBUS long after the call that should have said ENOSPC.
 */
Failure allocate(int file, std::size_t size);

}  // namespace ticktape
