#pragma once

namespace ticktape::barrier {

/**
 * Asymmetric fences: the sleeper, which runs rarely, pays for the fence, so that the writer, which runs often, needs none. A `registered`
 * writer publishes with an ordinary store and then loads the word for sleepers with an ordinary load. A sleeper announces itself, calls
 * `run`, and then checks once more for frames. `run` is membarrier(MEMBARRIER_CMD_GLOBAL_EXPEDITED), in Linux from 4.16 on.
 */

/** Registers this process, once, so that the barriers of others reach its threads. False where the system or a filter refuses. */
bool registered();

/**
 * Has every running thread of every registered process execute a full memory fence: afterwards its earlier stores are visible, and its later
 * loads see the caller's stores. True when that is done, and also on systems that have no such call, where no process can be registered.
 * False where the system refuses the call to this process.
 */
bool run();

}  // namespace ticktape::barrier
