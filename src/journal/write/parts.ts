import type { Schema } from '../../frames/schema.js'
import type { Directory } from '../../native/addon.js'
import type { Control } from '../control/control.js'
import type { WriterLock } from '../control/writer-lock.js'
import type { MappedPage } from '../pages/page.js'
import type { RecoveryReport } from '../recover/recovery.js'
import type { DurableLog } from './durable-log.js'
import type { JournalWatch } from './journal-watch.js'
import type { WriterSettings } from './options.js'
import type { PageSupply } from './page-supply.js'

/** The parts of a writer, as `openWriter` returns them. */
export interface WriterParts {
  readonly directory: Directory
  readonly settings: WriterSettings
  readonly pageSize: number
  readonly epoch: number
  readonly lock: WriterLock
  readonly control: Control
  readonly schema: Schema
  readonly supply: PageSupply
  readonly journalWatch: JournalWatch
  readonly durableLog: DurableLog | undefined
  readonly report: RecoveryReport
  readonly page: MappedPage
  readonly slot: number
  readonly lastTime: bigint
}
