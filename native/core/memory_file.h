#pragma once

namespace ticktape {

/**
 * Whether an open file lives in memory alone (tmpfs, as /dev/shm): nothing is ever written back from it, so a store into a mapping of
 * it is nobody's business, and a block of it costs what bringing it in costs.
 */
bool isMemoryFile(int file);

}  // namespace ticktape
