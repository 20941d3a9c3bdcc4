#pragma once

/**
 * Points in the code where tests make the process fail. They exist only in builds with TICKTAPE_CRASH_POINTS; ordinary builds compile
 * them to nothing.
 *
 * - CRASH_POINT(name): a test can kill the process here, to prove that what is on disk at that moment can be recovered.
 *   With the environment variable TICKTAPE_CRASH_POINT=name (or name:N for the Nth time it is reached) the process
 *   sends itself SIGKILL here.
 * - FAULT_POINT(name): the errno that the system call here must fail with, 0 when no test asked for one.
 */
#ifdef TICKTAPE_CRASH_POINTS
namespace ticktape {
void crashPoint(const char* name);
int faultPoint(const char* name);
/** From now on the fault point fails with this errno; 0 stops that. */
void injectFault(const char* name, int number);
}  // namespace ticktape
#define CRASH_POINT(name) ::ticktape::crashPoint(name)
#define FAULT_POINT(name) ::ticktape::faultPoint(name)
#else
#define CRASH_POINT(name) ((void)0)
#define FAULT_POINT(name) 0
#endif
