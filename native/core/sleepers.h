#pragma once

#include <cstdint>

namespace ticktape {

/**
 * Wakes all sleepers on the signal word of a mapped `control` file, as a writer does. Makes no system call when there are none.
 * The words that the sleepers must see have to be stored with `storeOrdered` before.
 */
void wakeControl(uint8_t* control);

}  // namespace ticktape
