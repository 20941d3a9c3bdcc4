#pragma once

/**
 * Places where a test can kill the process, to prove that what is on disk at that moment can be recovered.
 * In ordinary builds they compile to nothing. With TICKTAPE_CRASH_POINTS, the environment variable
 * TICKTAPE_CRASH_POINT=name (or name:N for the Nth time it is reached) makes the process SIGKILL itself there.
 */
#ifdef TICKTAPE_CRASH_POINTS
namespace ticktape {
void crashPoint(const char* name);
}
#define CRASH_POINT(name) ::ticktape::crashPoint(name)
#else
#define CRASH_POINT(name) ((void)0)
#endif
