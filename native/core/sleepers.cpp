#include "sleepers.h"

#include "format.h"
#include "futex.h"
#include "words.h"

namespace ticktape {

void wakeControl(uint8_t* control) {
  using namespace format;
  // A sleeper sets SLEEPERS, looks at the cursors again, and only then sleeps. A cursor stored before this exchange is either
  // seen by that look, or the exchange sees the sleeper: one of the two must hold, all four being sequentially consistent.
  uint32_t* sleepers = wordAt(control, control::kSleepers);
  if (__atomic_exchange_n(sleepers, 0, __ATOMIC_SEQ_CST) != 1) return;
  uint32_t* signal = wordAt(control, control::kSignal);
  __atomic_fetch_add(signal, 1, __ATOMIC_SEQ_CST);
  futex::wake(signal);
}

}  // namespace ticktape
