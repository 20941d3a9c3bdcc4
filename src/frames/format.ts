/**
 * The binary format, version 1: every offset in a journal's files, written once.
 *
 * `cpp/include/ticktape/format.h` is generated from this file (`npm run generate`), and a test compares the tables of `docs/format.md` with it,
 * so the code, the addon and the specification always agree.
 * All integers are little-endian. Offsets and sizes are bytes unless a name says slots.
 */

/** The unit of allocation within a page: a frame starts on a slot and takes 1 to 255 of them. */
export const SLOT_SIZE = 64
export const SLOT_SHIFT = 6
export const FORMAT_VERSION = 1

/** The version of a new `control`. From version 2 on a sleeper makes a memory barrier in all writers before its last check: docs/format.md. */
export const CONTROL_VERSION = 2

/** Page files: a header of one 4 KiB block, then slots. */
export const Page = {
  HEADER_SIZE: 4096,
  MIN_SIZE: 64 * 1024,
  MAX_SIZE: 1024 * 1024 * 1024,
  DEFAULT_SIZE: 16 * 1024 * 1024,

  /** "TICKTAPE". */
  MAGIC: 0,
  VERSION: 8,
  FLAGS: 12,
  PAGE_SIZE: 16,
  PAGE_NUMBER: 20,
  FIRST_POSITION: 24,
  CREATED: 32,
  BOOT_ID: 40,
  EPOCH: 56,
  LAYOUT_HASH: 64,
  JOURNAL_ID: 72,
  /** CRC32C of bytes 0 to 119. */
  IDENTITY_CRC: 120,
  IDENTITY_SIZE: 128,

  /** u32: published slots. Only this word makes a frame visible. */
  CURSOR: 128,
  /** u32: 1 once the writer has continued on the next page. */
  SEALED: 256,
  /** u32: CRC32C of the identity (bytes 0 to 127) and the slots below the cursor; meaningful when PAGE_CRC_SET is 1. */
  PAGE_CRC: 260,
  PAGE_CRC_SET: 264,
  /** u32: slots known to survive power loss. */
  DURABLE: 384,

  /**
   * u32 each: marks. Mark i is the slot of the first frame that starts at or after slot i × stride, 0 where there is
   * none yet (mark 0 is slot 0). With them a seek walks one stride at most, whatever the page's size.
   */
  MARKS: 512,
  MARK_COUNT: 896,
  MIN_MARK_STRIDE: 256,
} as const

export const PAGE_MAGIC = 'TICKTAPE'

/** Bits of Page.FLAGS. */
export const PageFlag = {
  /** Frames up to the durable cursor carry a CRC32C. */
  CHECKED: 1,
} as const

/** Frames: a header of 16 bytes in a frame of one slot, of 32 bytes in a larger one; then the payload. */
export const Frame = {
  TYPE: 0,
  SLOTS: 2,
  FLAGS: 3,
  CRC: 4,
  TIME: 8,
  SMALL_HEADER_SIZE: 16,

  CAUSE: 16,
  SOURCE: 24,
  DEST: 26,
  SINCE_ROOT: 28,
  LARGE_HEADER_SIZE: 32,

  MAX_SLOTS: 255,
  MAX_TYPE: 65535,
} as const

/** Bits of Frame.FLAGS. */
export const FrameFlag = {
  /** CAUSE holds a position (0 is a position too, so it cannot say "none"). */
  HAS_CAUSE: 1,
} as const

/** CAUSE is journal id × 2^48 + position. */
export const CAUSE_POSITION_BITS = 48
export const MAX_JOURNAL_ID = 65535

/** `control`: the readers, and whether any of them sleeps. */
export const Control = {
  HEADER_SIZE: 4096,
  SIZE: 65536,

  /** "TICKCTRL". */
  MAGIC: 0,
  VERSION: 8,
  SLOT_COUNT: 12,
  SLOT_SIZE: 16,
  /** CRC32C of bytes 0 to 119. */
  IDENTITY_CRC: 120,

  /** u32 futex word: grows by one whenever a writer wakes sleepers. */
  SIGNAL: 128,
  /** u32: 1 when a reader may be asleep on SIGNAL; the writer clears it before it wakes the sleepers. */
  SLEEPERS: 256,
  /** u32: number of the page the writer is on. A hint: the page headers decide. */
  CURRENT_PAGE: 384,
  /** u32: how often a writer continued on another page that was not ready in time. Only for people. */
  WAITED_ROLLS: 388,
} as const

export const CONTROL_MAGIC = 'TICKCTRL'
export const READER_SLOTS = 240

/** One reader's registration in `control`, from HEADER_SIZE on, 256 bytes each. */
export const ReaderSlot = {
  SIZE: 256,
  /** u32: 0 free, 1 being written, 2 in use. */
  STATE: 0,
  PID: 4,
  /** u64: the process's start time, in clock ticks since boot. */
  PROCESS_START: 8,
  /** i64: ns since 1970 of the last checkpoint. */
  HEARTBEAT: 16,
  /**
   * u32: counts checkpoints. The position of checkpoint c is at POSITION + 8 × (c mod 2), so no process reads a position that is half
   * written, and a reader that dies between two stores keeps its last position.
   */
  CHECKPOINT: 24,
  /** Two u64. */
  POSITION: 32,
  /** ASCII, NUL-padded. */
  NAME: 64,
  NAME_SIZE: 64,
} as const

export const ReaderState = { FREE: 0, WRITING: 1, USED: 2 } as const
