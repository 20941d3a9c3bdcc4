#pragma once

#include <cstddef>
#include <cstdint>

/**
 * Survives a file that is truncated under a live mapping. Touching such memory raises SIGBUS, which by default kills the
 * process: here the missing memory is replaced by zeros and the mapping is marked damaged, so that the reader of it fails
 * by name a moment later.
 *
 * The handler is installed once, at the first mapping, for the whole process. Faults anywhere else go to whoever handled
 * them before.
 */
namespace ticktape::fault {

/** Puts a mapping under guard. Returns its slot in the table, or -1 when the table is full. */
int guard(void* start, std::size_t length, int protection);
/** Ends it. To be called before munmap, while nobody touches the memory any more. */
void release(int slot);
/** Whether a fault was caught in it. */
bool damaged(int slot);

}  // namespace ticktape::fault
