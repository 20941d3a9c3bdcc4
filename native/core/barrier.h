#pragma once

namespace ticktape::barrier {

/**
 * Asymmetric fences: who seldom sleeps pays, so that who often writes need not. A writer that is `registered` publishes with an ordinary
 * store and looks for sleepers with an ordinary load; a sleeper that has announced itself calls `run` before its last look.
 * Linux's membarrier(MEMBARRIER_CMD_GLOBAL_EXPEDITED) does it, from 4.16 on.
 */

/** Registers this process, once, so that the barriers of others reach its threads. False where the system or a filter refuses. */
bool registered();

/**
 * Makes every thread of every registered process, wherever it runs, complete the stores it has made and then see ours. True when that is done,
 * and on systems that have no such call, where no process can be registered. False where the system refuses it to this process.
 */
bool run();

}  // namespace ticktape::barrier
