/*
 * Models publishing, rolling to the next page, and recovery after the death of the writer's process, with readers that run all the time:
 * rules 1, 2 and 3 of the design. Each -D removes one rule, and the check must then fail:
 *
 *   CURSOR_FIRST     the cursor is stored before the frame
 *   NO_REREAD        a reader does not read the cursor again after it saw the seal
 *   SEAL_FIRST       a page is sealed before the next page exists
 *   NAME_FIRST       a page gets its name before it is complete
 *   KEEP_TAIL        recovery does not clear a frame that was begun after the cursor
 *   KEEP_PREPARED    recovery continues on a prepared page although the page before it is not sealed
 */
#define PAGES 3
#define SLOTS 2
#define FRAMES 4
#define CRASHES 2
#define AT(page, slot) ((page) * SLOTS + (slot))

/* A frame has two fields. The second is optional: writers of an even generation leave it as it is, which must be 0. */
byte first[PAGES * SLOTS];
byte second[PAGES * SLOTS];
byte author[PAGES * SLOTS]; /* not in the file: the writer of the frame, for the assertions */
byte cursor[PAGES];
bool sealed[PAGES];
bool named[PAGES];
bool complete[PAGES];

byte crashes = 0;
bool dying = false;
bool done = false;

inline publish(page, slot, n, generation) {
#ifdef CURSOR_FIRST
  cursor[page] = slot + 1;
  author[AT(page, slot)] = generation;
  first[AT(page, slot)] = n + 1;
#else
  author[AT(page, slot)] = generation;
  if
  :: generation % 2 == 1 -> second[AT(page, slot)] = n + 1
  :: else
  fi;
  first[AT(page, slot)] = n + 1;
  cursor[page] = slot + 1;
#endif
}

inline make(page) {
#ifdef NAME_FIRST
  named[page] = true;
  complete[page] = true;
#else
  complete[page] = true;
  named[page] = true;
#endif
}

proctype Writer(byte generation) {
  byte page = 0;
  byte slot = 0;
  byte n = 0;
  byte i = 0;

  /* Recovery. It is atomic here, because each part of it can be repeated, which the crash tests show. */
  atomic {
    do
    :: page + 1 < PAGES && named[page + 1] -> page++
    :: else -> break
    od;
#ifndef KEEP_PREPARED
    if
    :: page > 0 && !sealed[page - 1] ->
       named[page] = false;
       complete[page] = false;
       page--
    :: else
    fi;
#endif
    slot = cursor[page];
#ifndef KEEP_TAIL
    i = slot;
    do
    :: i < SLOTS -> first[AT(page, i)] = 0; second[AT(page, i)] = 0; i++
    :: else -> break
    od;
#endif
    i = 0;
    do
    :: i < PAGES -> n = n + cursor[i]; i++
    :: else -> break
    od;
  }

  {
    if
    :: !named[page] -> make(page)
    :: else
    fi;
    do
    :: n == FRAMES -> break
    :: n < FRAMES && slot < SLOTS ->
       publish(page, slot, n, generation);
       slot++;
       n++
    :: n < FRAMES && (slot == SLOTS || (slot > 0 && page + 2 < PAGES)) ->
       /* The writer also rolls before a page is full: the next frame may not fit. */
#ifdef SEAL_FIRST
       sealed[page] = true;
       make(page + 1);
#else
       make(page + 1);
       sealed[page] = true;
#endif
       page++;
       slot = 0
    od;
    done = true
  } unless { dying };

  if
  :: dying -> dying = false; run Writer(generation + 1)
  :: else
  fi
}

proctype Killer() {
  do
  :: crashes < CRASHES && !done && !dying -> atomic { crashes++; dying = true }; (!dying || done)
  :: break
  od
}

proctype Reader() {
  byte page = 0;
  byte slot = 0;
  byte n = 0;
  byte end;

  (named[0]);
  assert(complete[0]);
  do
  :: n == FRAMES -> break
  :: n < FRAMES ->
     end = cursor[page];
     if
     :: slot < end ->
        assert(first[AT(page, slot)] == n + 1);
        assert(second[AT(page, slot)] == ((author[AT(page, slot)] % 2 == 1) -> n + 1 : 0));
        slot++;
        n++
     :: else ->
        if
        :: sealed[page] ->
#ifndef NO_REREAD
           end = cursor[page];
#endif
           if
           :: slot < end
           :: else ->
              assert(named[page + 1]);
              assert(complete[page + 1]);
              page++;
              slot = 0
           fi
        :: cursor[page] > slot || sealed[page] /* waits for a change, without an end if there is none */
        fi
     fi
  od
}

init {
  atomic {
    run Writer(0);
    run Reader();
    run Killer()
  }
}
