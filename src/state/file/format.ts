/**
 * The binary format of state files, version 1: every offset, written once. All integers are little-endian, offsets and sizes are
 * bytes. A file is one header of 4096 bytes, then what its kind says. What different processes write lies 128 bytes apart:
 * processors fetch neighbouring cache lines together.
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
  /** u32: bytes of the whole file. */
  FILE_SIZE: 16,
  /** Eight u32: the sizes it was made with, as its kind counts them; 0 where there are fewer. */
  PARAMETERS: 20,
  PARAMETER_COUNT: 8,
  /** Hash of the frame definition its cells hold, as in a journal's page; zeros where there is none. */
  LAYOUT_HASH: 56,
  /** i64: ns since 1970. */
  CREATED: 64,
  /** CRC32C of bytes 0 to 119. */
  IDENTITY_CRC: 120,

  /** 16 bytes: the boot of the machine in which it was last opened first; written under the lock on LOCK_BYTE. */
  BOOT_ID: 128,
  /** Whoever changes who has what in the file holds a file lock on this byte while doing so. */
  LOCK_BYTE: 255,
  /** What a kind keeps in the header begins here. */
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
} as const

/** A place that one process at a time owns: it holds a file lock on the place's first byte for as long as it lives. */
export const OwnerSlot = {
  SIZE: 64,
  /** u32, 0 while nobody ever had the place. */
  PID: 0,
  /** u64: the process's start time, in clock ticks since boot. */
  PROCESS_START: 8,
  /** i64: ns since 1970 when it took the place. */
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
 * One process's part of a counter (the counter's value is the sum of all cells of its name), or a gauge. The cell's owner is
 * locked on its first byte.
 */
export const CounterValue = {
  SIZE: 128,
  /** i64, or for a gauge f64. */
  VALUE: 0,
  OWNER: 64,
} as const

/**
 * Latest values: parameters [capacity, slots of a frame]. From Header.SIZE on a cell for each instrument: two words, then four frames
 * as in a journal (without a time). A cell's writer has its first byte locked.
 */
export const LatestCell = {
  /** u32: the version being written. */
  BEGUN: 0,
  /** u32: the last version complete; 0: none yet. Version v is in copy v mod 4. After 2^32 - 1 comes 1. */
  VERSION: 4,
  /** Owner slot, without its lock: who claimed the cell last; zeros where that did not say. */
  OWNER: 8,
  COPIES_AT: 64,
  COPIES: 4,
} as const

/**
 * Ring: parameters [slots, 1 when somebody asked for so many]. The words are in the header; from Header.SIZE on lie the slots, as many as the next power of two, so that
 * slot c mod that many is where count c is, and OVERHANG more.
 */
export const RingWord = {
  /** u32: slots written so far, modulo 2^32. The one commit word. */
  TAIL: 256,
  /** u32: 0 until a producer came, 1 when nothing unread is ever overwritten, 2 when the oldest is. */
  POLICY: 260,
  /** i64: frames not written because there was no room. */
  DROPPED: 264,
  /** i64: frames overwritten before they were read. */
  LAPPED: 272,
  /** u32: slots that may be unread; 0 until somebody asked for a number or a producer came. At most as many as the file has. */
  LIMIT: 280,
  /** Owner slots: locked by who has the role. */
  PRODUCER: 384,
  /** u32: slots read so far (or overwritten unread), modulo 2^32. */
  HEAD: 512,
  CONSUMER: 640,
  /** The definitions written so far: 16 bytes each, see RingType. */
  TYPES: 1024,
  TYPE_COUNT: 192,
  /** Slots behind the buffer's last one, for a frame that begins near its end: no frame is ever in two parts. */
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
  /** u32: 0 free, 1 joined; stored last. The member is locked on the byte OWNER. */
  STATE: 0,
  /** u32: how often the place was taken by somebody new, with a new ring. */
  GENERATION: 4,
  OWNER: 64,
  /** ASCII, NUL-padded. */
  NAME: 128,
  NAME_SIZE: 64,
  /** u32: bytes of the subscription list; 0: subscribed to everything. */
  KEYS_LENGTH: 192,
  /** UTF-8, one key a line. */
  KEYS: 256,
  KEYS_SIZE: 3840,
} as const

/** In the header of a members file: u32, grows whenever somebody joins or leaves. */
export const MEMBERS_VERSION = 256
/** There too: owner slot of the broadcaster, without its lock, which is on byte Header.OWN. */
export const BROADCASTER = 384
