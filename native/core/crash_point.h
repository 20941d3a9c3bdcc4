#pragma once

/**
 * What the builds for tests of failures have, and ordinary builds compile to nothing. With TICKTAPE_CRASH_POINTS:
 *
 * - CRASH_POINT(name): a place where a test can kill the process, to prove that what is on disk at that moment can be recovered.
 *   The environment variable TICKTAPE_CRASH_POINT=name (or name:N for the Nth time it is reached) makes the process
 *   SIGKILL itself there.
 * - FAULT_POINT(name): the errno a test wants a system call to fail with there, else 0.
 */
#ifdef TICKTAPE_CRASH_POINTS
namespace ticktape {
void crashPoint(const char* name);
int faultPoint(const char* name);
/** From now on the fault point fails with this errno; 0 ends it. */
void injectFault(const char* name, int number);
}  // namespace ticktape
#define CRASH_POINT(name) ::ticktape::crashPoint(name)
#define FAULT_POINT(name) ::ticktape::faultPoint(name)
#else
#define CRASH_POINT(name) ((void)0)
#define FAULT_POINT(name) 0
#endif
