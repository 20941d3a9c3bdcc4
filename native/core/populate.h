#pragma once

#include <cstddef>
#include <cstdint>

namespace ticktape {

/**
 * Brings the blocks holding [offset, offset + length) of a mapping in, so that the thread that uses them takes no page fault.
 * With `write` they are also made writable, which on a disk file is a fault of its own after every sync (dirty tracking).
 * Changes no byte, even while another thread writes there. Where it cannot, the fault comes later: no error.
 *
 * @param inMemory the file has no disk behind it: see isMemoryFile.
 */
void populate(uint8_t* base, std::size_t size, std::size_t offset, std::size_t length, bool write, bool inMemory);
/** The same by a load or store in each block, for kernels that have no call for it. */
void populateByTouching(uint8_t* base, std::size_t size, std::size_t offset, std::size_t length, bool write);

}  // namespace ticktape
