/** `ticktape`: journals. What is exported here, and from the other files of this folder, is the public API. */

export { now } from '../base/clock.js'
export * from '../base/errors.js'
export { getAffinity, lockMemory, setAffinity, setScheduling } from '../base/thread-settings.js'
export * from '../data/errors.js'
export * from '../exchanges/errors.js'
export { ageOf } from '../frames/age.js'
export type { Cause, CommitOptions } from '../frames/commit-options.js'
export {
  type FieldLayout,
  type Fields,
  type FieldsOf,
  FrameDefinition,
  type FrameOptions,
  frame,
  type ReservedName,
  type SymbolsOf,
  type Values,
  type ValuesOf,
} from '../frames/definition.js'
export * from '../frames/errors.js'
export {
  ascii,
  type BytesField,
  bool,
  bytes,
  enumOf,
  type Field,
  type FieldKind,
  f32,
  f64,
  type InstrumentField,
  i8,
  i16,
  i32,
  i64,
  instrument,
  text,
  u8,
  u16,
  u32,
  u64,
} from '../frames/field.js'
export { type FrameHandler, type HandlerResult, Handlers, on } from '../frames/handlers.js'
export type { InstrumentEntry } from '../frames/instruments.js'
export type { FrameHeader, FrameMethods, FrameView, WriteView } from '../frames/view.js'
export type { ReaderInfo } from '../journal/control/reader-registry.js'
export type { WriterState } from '../journal/control/writer-state.js'
export * from '../journal/errors.js'
export { inspect, type JournalInfo, type PageInfo, type Problem, type ReaderState } from '../journal/inspect/inspect.js'
export { type MergedFrame, MergedReader, type MergeSource } from '../journal/read/merged-reader.js'
export type { NamedStart, ReaderOptions, RunOptions, Start } from '../journal/read/options.js'
export { Reader } from '../journal/read/reader.js'
export type { RecoveryReport } from '../journal/recover/recovery.js'
export type { SavedReader } from '../journal/repair/readers.js'
export {
  type LostFrames,
  type RepairedCopy,
  type RepairOptions,
  type RepairReport,
  repair,
} from '../journal/repair/repair.js'
export type { Blocker, RemovablePage, Retention, WriterRetention } from '../journal/retain/plan.js'
export { forgetReader, type PruneOptions, type PruneReport, prune } from '../journal/retain/prune.js'
export type { Finding } from '../journal/verify/findings.js'
export { type VerifyOptions, type VerifyReport, verify } from '../journal/verify/verify.js'
export type { Durability, WriterOptions } from '../journal/write/options.js'
export { Writer } from '../journal/write/writer.js'
export * from '../replicate/errors.js'
export * from '../state/errors.js'
export * from '../trading/errors.js'
export { CommandError, GatewayDownError } from '../trading/operator/errors.js'
export type { Wait } from '../wait/run-loop.js'
