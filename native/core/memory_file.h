#pragma once

namespace ticktape {

/**
 * Whether an open file is on tmpfs, as in /dev/shm. Nothing is ever written back from such a file, so the kernel does not track stores
 * into its mappings, and the only cost of a block is mapping it.
 */
bool isMemoryFile(int file);

}  // namespace ticktape
