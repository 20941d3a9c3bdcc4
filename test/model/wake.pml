/*
 * Sleeping and waking through `control`. A reader that sleeps while there is a frame for it and nobody will wake it is a deadlock,
 * which the check finds. Each -D takes one rule away, and must make it fail:
 *
 *   NO_RECHECK       a reader sleeps without another look after it announced itself
 *   LATE_SIGNAL      a reader loads the signal after its last look
 *   LOOK_FIRST       the writer looks for sleepers before it publishes
 *   CLEAR_LAST       the writer takes the announcement back after it woke the sleepers
 *   NO_CLEAR_SIGNAL  the writer wakes without changing the signal
 */
#define FRAMES 3
#define READERS 2

byte cursor = 0;
byte signal = 0;
bool sleepers = false;
bool asleep[READERS];

inline wakeAll() {
  atomic { asleep[0] = false; asleep[1] = false }
}

proctype Writer() {
  byte n = 0;
  bool anybody;
  do
  :: n == FRAMES -> break
  :: n < FRAMES ->
#ifdef LOOK_FIRST
     anybody = sleepers;
     cursor = n + 1;
#else
     cursor = n + 1;
     anybody = sleepers;
#endif
     if
     :: anybody ->
#ifdef CLEAR_LAST
        signal++;
        wakeAll();
        sleepers = false
#else
        sleepers = false;
#ifndef NO_CLEAR_SIGNAL
        signal++;
#endif
        wakeAll()
#endif
     :: else
     fi;
     n++
  od
}

proctype Reader(byte id) {
  byte n = 0;
  byte seen;
  do
  :: n == FRAMES -> break
  :: n < FRAMES && cursor > n -> n++
  :: n < FRAMES && cursor <= n ->
#ifndef LATE_SIGNAL
     seen = signal;
#endif
     sleepers = true;
     if
#ifndef NO_RECHECK
     :: cursor > n
     :: cursor <= n ->
#else
     :: true ->
#endif
#ifdef LATE_SIGNAL
        seen = signal;
#endif
        /* What the kernel does in one step: compare, and go to sleep. */
        atomic {
          if
          :: signal == seen -> asleep[id] = true
          :: else
          fi
        };
        (!asleep[id])
     fi
  od
}

init {
  atomic {
    run Writer();
    run Reader(0);
    run Reader(1)
  }
}
