#pragma once

#include <cstddef>
#include <cstdint>

namespace ticktape {

/**
 * Maps the blocks that hold [offset, offset + length) of a mapping ahead of use, so that the thread that uses them takes no page fault.
 * With `write` they are also made writable: on a disk file, the first store after every sync causes another fault (dirty tracking).
 * Changes no byte, even while another thread writes there. If it cannot, there is no error; the fault is taken later.
 *
 * @param inMemory whether the file has no disk behind it: see isMemoryFile.
 */
void populate(uint8_t* base, std::size_t size, std::size_t offset, std::size_t length, bool write, bool inMemory);
/** The same with a load or store in each block, for kernels without MADV_POPULATE. */
void populateByTouching(uint8_t* base, std::size_t size, std::size_t offset, std::size_t length, bool write);

}  // namespace ticktape
