#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "failure.h"

namespace ticktape::process {

/** Identifies this boot of the machine: 32 hexadecimal digits. */
Result<std::string> bootId();
/** Start time in clock ticks since boot (macOS: µs since 1970), to tell a process from a later one of its pid. -1 when there is none. */
int64_t startOf(int64_t pid);

/** CPUs the calling thread may run on. */
Result<std::vector<int>> affinity();
/** @param thread one of the process's by its id (`threadId`), or 0: the calling one. */
Failure setAffinity(const std::vector<int>& cpus, int thread = 0);
/** The CPUs that have the same memory near as this one; none where that is not known. */
std::vector<int> nodeOf(int cpu);
/** The calling thread's id; 0 where there is none to bind it by. */
int threadId();
/** Where a thread may run and how it is scheduled. */
struct Placement {
  std::vector<int> cpus;
  int policy = 0;
  int priority = 0;
  int nice = 0;
};
/** The calling thread's. */
Placement placement();
/** Moves the calling thread there, as far as it may. */
void applyPlacement(const Placement& to);

/** SCHED_FIFO with a priority of 1 to 99, for the calling thread. */
Failure scheduleFifo(int priority);
/** The ordinary policy with a nice value, for the calling thread. */
Failure scheduleOther(int nice);
/** Keeps in memory what is mapped and used, or will be. */
Failure lockMemory();

}  // namespace ticktape::process
