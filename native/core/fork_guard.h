#pragma once

/**
 * A forked child shares its parent's open files, and with them the parent's locks. A child that calls exec closes them by
 * O_CLOEXEC. One that never calls exec would keep the locks after the parent's death, so it closes the files named here at once.
 */
namespace ticktape::fork_guard {

/** From now on a forked child closes `file`. */
void guard(int file);
/** Call it before `file` is closed. It may be called more than once. */
void release(int file);

}  // namespace ticktape::fork_guard
