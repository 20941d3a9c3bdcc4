#pragma once

/**
 * Locks must not live on in a child that was forked and never became another program: its open files are the parent's, locks
 * included. (One that does become another program closes them by O_CLOEXEC.) Such a child closes the files named here at once.
 */
namespace ticktape::fork_guard {

/** From now on a forked child closes `file`. */
void guard(int file);
/** To be called before `file` is closed. Any number of times. */
void release(int file);

}  // namespace ticktape::fork_guard
