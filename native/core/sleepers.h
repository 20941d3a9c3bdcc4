#pragma once

#include <cstdint>

namespace ticktape {

/**
 * Wakes all who sleep on the signal in a mapped `control` file, as a writer does; no system call when nobody sleeps.
 * What they are to see must have been stored with `storeOrdered`.
 */
void wakeControl(uint8_t* control);

}  // namespace ticktape
