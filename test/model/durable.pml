/*
 * Models syncing, and recovery after power loss: rule 7. Here one slot is one block of the disk, and the header is another block. The
 * kernel may write any block at any moment, and power may be lost at any moment. After recovery the writer continues in the same page,
 * which is harder than in the library, where it begins a new page. Each -D removes one rule, and the check must then fail:
 *
 *   DURABLE_FIRST    the durable cursor is stored before the data is synced
 *   PROMISE_FIRST    flush resolves before the data is synced
 *   TRUST_CURSOR     recovery trusts the cursor after power loss, as it does after the death of a process
 *   KEEP_TAIL        recovery leaves frames after a gap, where a later recovery can take them for newer ones
 *   UNSYNCED_CUT     recovery does not sync what it cut before new frames follow
 */
#define SLOTS 3
#define LOSSES 2

/* A frame is the number of the boot in which it was written; 0 means no frame. Once it is stamped, its CRC proves that it is complete and in its slot. */
byte memory[SLOTS];
bool stamped[SLOTS];
byte disk[SLOTS];
bool diskStamped[SLOTS];

byte cursor = 0;
byte durable = 0;
byte diskCursor = 0;
byte diskDurable = 0;

byte written[SLOTS]; /* what was last written there, for the assertions */
byte promised = 0;   /* frames whose flush resolved */
byte life = 1;
bool lost = false;   /* power is off: no process stores anything */
byte losses = 0;
byte alive = 3;      /* of Writer, Syncer and Kernel */

inline write_block(i) {
  atomic { disk[i] = memory[i]; diskStamped[i] = stamped[i] }
}

proctype Writer() {
  do
  :: atomic { !lost && cursor < SLOTS -> memory[cursor] = life; stamped[cursor] = false; written[cursor] = life }
     if
     :: atomic { !lost -> cursor++ }
     :: lost -> break
     fi
  :: lost -> break
  :: cursor == SLOTS -> break
  od;
  alive--
}

proctype Syncer() {
  byte end;
  byte i;
  do
  :: atomic { !lost && durable < cursor -> end = cursor; i = durable };
     do
     :: atomic { !lost && i < end -> stamped[i] = true; i++ }
     :: lost || i == end -> break
     od;
#ifdef DURABLE_FIRST
     if
     :: atomic { !lost -> i = durable; durable = end }
     :: lost -> break
     fi;
#else
     i = durable;
#endif
#ifdef PROMISE_FIRST
     if
     :: atomic { !lost -> promised = end }
     :: lost -> break
     fi;
#endif
     do
     :: atomic { !lost && i < end -> write_block(i); i++ }
     :: lost || i == end -> break
     od;
     if
     :: atomic { !lost -> durable = end }
     :: lost -> break
     fi;
     if
     :: atomic { !lost -> promised = end }
     :: lost -> break
     fi
  :: lost -> break
  :: durable == SLOTS -> break
  od;
  alive--
}

/* May write any block at any moment. */
proctype Kernel() {
  byte i;
  do
  :: atomic { !lost && (cursor != diskCursor || durable != diskDurable) -> diskCursor = cursor; diskDurable = durable }
  :: atomic { !lost -> select(i : 0 .. SLOTS - 1); if :: disk[i] != memory[i] || diskStamped[i] != stamped[i] -> write_block(i) :: else fi }
  :: lost -> break
  :: losses == LOSSES && durable == SLOTS -> break
  od;
  alive--
}

proctype Power() {
  byte i;
  byte end;
  do
  :: losses < LOSSES ->
     lost = true;
     losses++;
     (alive == 0);
     atomic {
       life++;
       /* Memory has the content of the disk; recovery walks it. */
       i = 0;
       do
       :: i < SLOTS -> memory[i] = disk[i]; stamped[i] = diskStamped[i]; i++
       :: else -> break
       od;
       end = 0;
#ifdef TRUST_CURSOR
       end = diskCursor;
#else
       do
       :: end < SLOTS && memory[end] != 0 && stamped[end] -> end++
       :: else -> break
       od;
#endif
       assert(end >= diskDurable);
       assert(end >= promised);
       i = 0;
       do
       :: i < end -> assert(memory[i] == written[i]); i++
       :: else -> break
       od;
       do
       :: i < SLOTS ->
#ifndef KEEP_TAIL
          memory[i] = 0;
          stamped[i] = false;
#ifndef UNSYNCED_CUT
          disk[i] = 0;
          diskStamped[i] = false;
#endif
#endif
          written[i] = 0;
          i++
       :: else -> break
       od;
       cursor = end;
       durable = end;
       diskCursor = end;
       diskDurable = end;
       promised = end;
       lost = false;
       alive = 3;
       run Writer();
       run Syncer();
       run Kernel()
     }
  :: losses == LOSSES -> break
  od
}

init {
  atomic {
    run Writer();
    run Syncer();
    run Kernel();
    run Power()
  }
}
