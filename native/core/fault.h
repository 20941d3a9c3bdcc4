#pragma once

#include <cstddef>
#include <cstdint>

/**
 * Lets the process survive a file that is truncated while it is mapped. Touching memory past the new end raises SIGBUS, which by
 * default kills the process. This handler replaces the missing memory by zeros and marks the mapping as damaged; the reader of the
 * mapping checks the mark and throws a named error.
 *
 * The handler is installed once for the whole process, at the first mapping. Faults at other addresses go to the handler that was
 * installed before.
 */
namespace ticktape::fault {

/** Registers a mapping with the handler. Returns its index in the table, or -1 when the table is full. */
int guard(void* start, std::size_t length, int protection);
/** Removes a mapping. Call it before munmap, when no thread touches the memory any more. */
void release(int slot);
/** Whether a fault was caught in the mapping. */
bool damaged(int slot);

}  // namespace ticktape::fault
