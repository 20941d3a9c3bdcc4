/**
 * The binary format of state files, version 1. Each offset is written here and nowhere else. All integers are
 * little-endian; offsets and sizes are in bytes. A file is one header of 4096 bytes, then what its kind defines. Words
 * that different processes write lie 128 bytes apart, because processors fetch neighbouring cache lines together.
 */

export const STATE_MAGIC = 'TICKSTAT'
export const STATE_VERSION = 1

/** What every state file begins with. */
export const Header = {
  SIZE: 4096,

  /** "TICKSTAT". */
  MAGIC: 0,
  VERSION: 8,
  /** u32: one of `Kind`. */
  KIND: 12,
  /** u32: size of the file in bytes. */
  FILE_SIZE: 16,
  /** Eight u32: the sizes it was created with, as its kind defines them; unused ones are 0. */
  PARAMETERS: 20,
  PARAMETER_COUNT: 8,
  /** Hash of the frame definition of its cells, as in a journal's page; zeros when it has none. */
  LAYOUT_HASH: 56,
  /** i64: ns since 1970. */
  CREATED: 64,
  /** CRC32C of bytes 0 to 119. */
  IDENTITY_CRC: 120,

  /**
   * 16 bytes: the boot id of the machine when it was last opened; written by the first opening after a boot, under the
   * lock on LOCK_BYTE.
   */
  BOOT_ID: 128,
  /** A process holds a file lock on this byte while it changes the owners of anything in the file. */
  LOCK_BYTE: 255,
  /** The header's part for the file's kind begins here. */
  OWN: 256,
} as const

export const Kind = {
  COUNTERS: 1,
  TOP_OF_BOOK: 2,
  IN_FLIGHT: 3,
  LATEST_VALUES: 4,
  RING: 5,
  CIRCUIT_BREAKER: 6,
  MEMBERS: 7,
  HEARTBEATS: 8,
} as const

/**
 * A slot that one process at a time owns: the process holds a file lock on the slot's first byte for as long as it
 * lives.
 */
export const OwnerSlot = {
  SIZE: 64,
  /** u32; 0 when the slot never had an owner. */
  PID: 0,
  /** u64: the process's start time, in clock ticks since boot. */
  PROCESS_START: 8,
  /** i64: when it acquired the slot, in ns since 1970. */
  SINCE: 16,
} as const

/** Counters: parameters [cells]. Labels of all cells from Header.SIZE on, then values. */
export const CounterLabel = {
  SIZE: 128,
  /** u32: 0 free, 1 counter, 2 gauge; stored last. */
  KIND: 0,
  /** ASCII, NUL-padded. */
  NAME: 8,
  NAME_SIZE: 120,
} as const

/**
 * One process's part of a counter (the counter's value is the sum of all cells of its name), or a gauge. The owner of
 * the cell locks the first byte of OWNER.
 */
export const CounterValue = {
  SIZE: 128,
  /** i64, or for a gauge f64. */
  VALUE: 0,
  OWNER: 64,
} as const

/**
 * Latest values: parameters [capacity, slots of a frame]. From Header.SIZE on there is one cell for each instrument:
 * two words, then four frames as in a journal (without a time). The writer of a cell locks the cell's first byte.
 */
export const LatestCell = {
  /** u32: the version being written. */
  BEGUN: 0,
  /** u32: the last complete version; 0: none yet. Version v is in copy v mod 4. After 2^32 - 1 comes 1. */
  VERSION: 4,
  /** Owner slot, without its lock: the process that acquired the cell last; zeros when it did not record itself. */
  OWNER: 8,
  COPIES_AT: 64,
  COPIES: 4,
} as const

/**
 * Ring: parameters [slots, 1 when the creator named that number]. The words are in the header. From Header.SIZE on is
 * the buffer: its number of slots is the next power of two, so that count c is in slot c mod that number. OVERHANG more
 * slots follow.
 */
export const RingWord = {
  /** u32: slots written so far, modulo 2^32. The one commit word. */
  TAIL: 256,
  /** u32: 0 before the first producer, 1 when unread frames are kept, 2 when the oldest are overwritten. */
  POLICY: 260,
  /** i64: frames not written because there was no room. */
  DROPPED: 264,
  /** i64: frames overwritten before they were read. */
  LAPPED: 272,
  /**
   * u32: slots that may be unread; 0 before a process names a number or a producer opens it. At most the slots of the
   * file.
   */
  LIMIT: 280,
  /** Owner slot, locked by the producer; CONSUMER likewise by the consumer. */
  PRODUCER: 384,
  /** u32: slots that were read or overwritten so far, modulo 2^32. */
  HEAD: 512,
  CONSUMER: 640,
  /** The definitions written so far: 16 bytes each, see RingType. */
  TYPES: 1024,
  TYPE_COUNT: 192,
  /** Slots after the buffer's last one, for a frame that begins near its end: no frame is ever split in two. */
  OVERHANG: 254,
} as const

export const RingType = {
  SIZE: 16,
  /** u32: id + slots × 65536; stored last; 0: none. */
  WORD: 0,
  /** Hash of the definition, as in a journal's page. */
  HASH: 8,
} as const

export const RingPolicy = { UNKNOWN: 0, KEEP: 1, OVERWRITE: 2 } as const

/** Members of a broadcast: parameters [members]. From Header.SIZE on. */
export const Member = {
  SIZE: 4096,
  /** u32: 0 free, 1 joined; stored last. The member's process locks the byte OWNER. */
  STATE: 0,
  /** u32: how often a new member, with a new ring, has acquired the slot. */
  GENERATION: 4,
  OWNER: 64,
  /** ASCII, NUL-padded. */
  NAME: 128,
  NAME_SIZE: 64,
  /** u32: bytes of the subscription list; 0: subscribed to everything. */
  KEYS_LENGTH: 192,
  /** UTF-8, one key per line. */
  KEYS: 256,
  KEYS_SIZE: 3840,
} as const

/** In the header of a members file: u32 that grows whenever a member joins or leaves. */
export const MEMBERS_VERSION = 256
/** In the same header: owner slot of the broadcaster. Its lock is not here but on byte Header.OWN. */
export const BROADCASTER = 384

/**
 * Heartbeats: parameters [cells]. From Header.SIZE on there is one cell for each process. Who starts the processes writes
 * the first 128 bytes of a cell, the process itself the rest.
 */
export const Heartbeat = {
  SIZE: 256,
  /** u32: 0 free, 1 used; stored last. */
  USED: 0,
  /** u32: 0 while there is no process. */
  PID: 4,
  /** u64: the process's start time, in clock ticks since boot. */
  PROCESS_START: 8,
  /** u32: counts the lives of what the process runs, from 1. */
  EPOCH: 16,
  /** u32: an index into PHASES (state/heartbeats). */
  PHASE: 20,
  /** u32: how often it was started again. */
  RESTARTS: 24,
  /** ASCII, NUL-padded. */
  NAME: 32,
  NAME_SIZE: 64,

  /** u32: another value with each sign of life. */
  BEATS: 128,
  /** f64: the position of the next frame that the process will handle. */
  POSITION: 136,
  /** f64: frames that it has handled since its start. */
  HANDLED: 144,
  /** f64: frames that it has sent since its start. */
  SENT: 152,
  /** f64: slots that are published and that it has not read. */
  LAG: 160,
  /** f64: the age of frames when they were handled, ns: the 50 %, 99 % and 99.9 % percentiles. */
  P50: 168,
  P99: 176,
  P999: 184,
  /** i64: when all of these were last written, ns since 1970. BEATS and POSITION are written more often. */
  TIME: 192,
} as const
