/*
 * Models sleeping and waking through `control`, version 2. The writer publishes with an ordinary store, which waits in its core's store
 * buffer while later loads go ahead; the sleeper makes a barrier that empties the buffer. A reader that sleeps although there is a frame,
 * and that no process will wake, is a deadlock, which the check finds. A reader may also nap, any number of times. Each -D removes one
 * rule, and the check must then fail:
 *
 *   NO_BARRIER       a reader checks again without the barrier
 *   EARLY_BARRIER    a reader makes the barrier before it announces itself
 *   NO_RECHECK       a reader sleeps without another check after the barrier
 *   LATE_SIGNAL      a reader loads the signal after its last check
 *   CHECK_FIRST      the writer checks for sleepers before it publishes
 *   CLEAR_LAST       the writer clears the announcement after it has woken the sleepers
 *   NO_CLEAR_SIGNAL  the writer wakes without changing the signal
 */
#define FRAMES 3
#define READERS 2

/* What the writer has stored, and what others see of it. The difference is in the store buffer. */
byte stored = 0;
byte cursor = 0;
byte signal = 0;
bool sleepers = false;
bool asleep[READERS];

inline emptyBuffer() {
  cursor = stored
}

inline wakeAll() {
  atomic { asleep[0] = false; asleep[1] = false }
}

/* The processor: empties the buffer at any moment, one store after another. */
active proctype StoreBuffer() {
  do
  :: atomic { cursor < stored -> cursor++ }
  :: cursor == FRAMES -> break
  od
}

proctype Writer() {
  byte n = 0;
  bool anybody;
  do
  :: n == FRAMES -> break
  :: n < FRAMES ->
#ifdef CHECK_FIRST
     anybody = sleepers;
     stored = n + 1;
#else
     stored = n + 1;
     anybody = sleepers;
#endif
     if
     :: anybody ->
        /* Locked operations empty the buffer first. */
#ifdef CLEAR_LAST
        atomic { emptyBuffer(); signal++ };
        wakeAll();
        sleepers = false
#else
        atomic { emptyBuffer(); sleepers = false };
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
  :: n < FRAMES && cursor <= n -> skip /* A nap: it checks again later without announcing itself. */
  :: n < FRAMES && cursor <= n ->
#ifndef LATE_SIGNAL
     seen = signal;
#endif
#ifdef EARLY_BARRIER
     emptyBuffer();
#endif
     sleepers = true;
#if !defined(NO_BARRIER) && !defined(EARLY_BARRIER)
     emptyBuffer();
#endif
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
        /* The kernel compares and puts the process to sleep in one step. */
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
