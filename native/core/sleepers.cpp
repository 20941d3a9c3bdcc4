#include "sleepers.h"

#include "format.h"
#include "futex.h"
#include "words.h"

namespace ticktape {

void wakeControl(uint8_t* control) {
  using namespace format;
  // A sleeper sets SLEEPERS, loads the cursors again, and only then sleeps. Our side stores a cursor, then exchanges SLEEPERS here. All four
  // operations are sequentially consistent, so either the sleeper's load sees the cursor, or this exchange sees the sleeper.
  uint32_t* sleepers = wordAt(control, control::kSleepers);
  if (__atomic_exchange_n(sleepers, 0, __ATOMIC_SEQ_CST) != 1) return;
  uint32_t* signal = wordAt(control, control::kSignal);
  __atomic_fetch_add(signal, 1, __ATOMIC_SEQ_CST);
  futex::wake(signal);
}

}  // namespace ticktape
