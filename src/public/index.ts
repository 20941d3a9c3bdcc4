/** `ticktape`: journals. What is exported here, and from the other files of this folder, is the public API. */

export { ageOf, now } from '../journal/clock.js'
export type { Cause, CommitOptions } from '../journal/commit-options.js'
export type { Finding } from '../journal/findings.js'
export { type FrameHandler, Handlers, on } from '../journal/handlers.js'
export { inspect, type JournalInfo, type PageInfo, type Problem, type ReaderState } from '../journal/inspect.js'
export { type MergedFrame, MergedReader, type MergeSource } from '../journal/merged-reader.js'
export { Reader } from '../journal/reader.js'
export type { NamedStart, ReaderOptions, RunOptions, Start } from '../journal/reader-options.js'
export type { ReaderInfo } from '../journal/reader-registry.js'
export type { RecoveryReport } from '../journal/recovery.js'
export { type LostFrames, type RepairedCopy, type RepairOptions, type RepairReport, repair } from '../journal/repair.js'
export type { SavedReader } from '../journal/repair-readers.js'
export { forgetReader, type PruneOptions, type PruneReport, prune } from '../journal/retention.js'
export type { Blocker, RemovablePage, Retention } from '../journal/retention-plan.js'
export type { Wait } from '../journal/run-loop.js'
export { getAffinity, lockMemory, setAffinity, setScheduling } from '../journal/scheduling.js'
export { type VerifyOptions, type VerifyReport, verify } from '../journal/verify.js'
export { Writer } from '../journal/writer.js'
export type { Durability, WriterOptions } from '../journal/writer-options.js'
export type { WriterState } from '../journal/writer-state.js'
export {
  type FieldLayout,
  type Fields,
  FrameDefinition,
  type FrameOptions,
  frame,
  type Values,
  type ValuesOf,
} from '../layout/definition.js'
export * from '../layout/errors.js'
export {
  ascii,
  bool,
  bytes,
  enumOf,
  type Field,
  type FieldKind,
  f32,
  f64,
  i8,
  i16,
  i32,
  i64,
  u8,
  u16,
  u32,
  u64,
} from '../layout/field.js'
export type { FrameHeader, FrameView, WriteView } from '../layout/view.js'
