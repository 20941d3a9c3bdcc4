#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "failure.h"

namespace ticktape::process {

/** Identifies this boot of the machine: 32 hexadecimal digits. */
Result<std::string> bootId();
/**
 * Start time in clock ticks since boot (macOS: µs since 1970); it distinguishes a process from a later one with the same pid. -1 when there
 * is no such process.
 */
int64_t startOf(int64_t pid);

/** CPUs the calling thread may run on. */
Result<std::vector<int>> affinity();
/** @param thread the id (`threadId`) of a thread of this process, or 0 for the calling thread. */
Failure setAffinity(const std::vector<int>& cpus, int thread = 0);
/** The CPUs on the same memory node as this one; empty where that is not known. */
std::vector<int> nodeOf(int cpu);
/** The calling thread's id; 0 where threads cannot be bound by an id. */
int threadId();
/** The CPUs a thread may run on, and how it is scheduled. */
struct Placement {
  std::vector<int> cpus;
  int policy = 0;
  int priority = 0;
  int nice = 0;
};
/** The placement of the calling thread. */
Placement placement();
/** Applies a placement to the calling thread, as far as the system allows it. */
void applyPlacement(const Placement& to);

/** SCHED_FIFO with a priority of 1 to 99, for the calling thread. */
Failure scheduleFifo(int priority);
/** The ordinary policy with a nice value, for the calling thread. */
Failure scheduleOther(int nice);
/** Locks all present and future mappings in memory (mlockall). */
Failure lockMemory();

}  // namespace ticktape::process
