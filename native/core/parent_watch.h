#pragma once

#include <cstdint>

namespace ticktape::parent_watch {

/**
 * Ends this process some time after its parent has ended: a thread waits for the parent's end, then for `graceMs`, in which the process
 * may end by itself, and then kills it, together with its process group if it leads one. Also when its JavaScript is in an endless loop, and
 * on Linux when it is stopped (SIGSTOP). The second call does nothing.
 *
 * @param parent the pid of the process that has started this one. If that has ended already, the time begins now.
 * @return 0, or the errno of starting the thread.
 */
int start(int64_t parent, int64_t graceMs);

}  // namespace ticktape::parent_watch
