import type { Directory } from '../../native/addon.js'
import { ReplicaError, ReplicaMismatchError } from '../errors.js'
import { listDirectory } from '../files/directory.js'
import { type ReplicaRecord, readReplicaRecord, writeReplicaRecord } from '../files/replica-file.js'
import { slotsOf } from '../pages/header.js'
import { continueAfter, continueOn, type FirstPage, isOfKind, type Opening, type OpeningRules } from '../write/open.js'
import { renewPage } from './renew-page.js'

/** The journal that a replica is of. */
export interface ReplicaSource {
  /** Names it: 32 hexadecimal digits. */
  readonly source: string
  /** Bytes. */
  readonly pageSize: number
  /** 0 to 65,535. */
  readonly journalId: number
  /** Where a new replica begins: at the first slot of a page. */
  readonly firstPosition: number
}

/** How the writer of a replica opens its journal. */
export class ReplicaRules implements OpeningRules {
  /** Whether the journal is a copy that is not yet known to be one of this source. */
  isUnproven = false

  constructor(
    private readonly of: ReplicaSource,
    /** Accept a journal that is no replica, as a copy of the source. */
    private readonly adopt: boolean,
  ) {}

  admit(directory: Directory, mode: number): void {
    const { path } = directory
    const { pages } = listDirectory(directory)
    const record = readReplicaRecord(directory)
    if (record !== undefined) {
      if (record.source === this.of.source) return
      throw new ReplicaMismatchError(
        `${path} is a replica of another journal, or of this one before it was made again: its source is ${record.source}, not ${this.of.source}. Give another directory`,
        { path },
      )
    }
    if (pages.length === 0) {
      // Before the first page: a journal without this file is none of ours.
      writeReplicaRecord(directory, this.record(), mode)
      return
    }
    if (!this.adopt)
      throw new ReplicaError(
        `${path} is a journal, but no replica, so it is not changed. Give another directory; if it is a copy of the source, type --adopt`,
        { path },
      )
    this.isUnproven = true
  }

  firstPage({ tail, supply, durableLog, kind }: Opening): FirstPage {
    if (tail === undefined) {
      const { page } = supply.obtain(this.of.firstPosition / slotsOf(this.of.pageSize))
      durableLog?.add(page)
      return { page, slot: 0 }
    }
    const { page, slot } = tail
    if (page.identity.journalId !== this.of.journalId)
      throw new ReplicaMismatchError(
        `${page.path} has the journal id ${page.identity.journalId}, but its source has ${this.of.journalId}: it is of another journal`,
        { path: page.path },
      )
    if (page.sealed) return continueAfter(page, supply, durableLog)
    if (!tail.full && isOfKind(page, kind)) return continueOn(tail, durableLog)
    const renewed = renewPage(page, slot, kind)
    durableLog?.add(renewed)
    return { page: renewed, slot }
  }

  /** The copy is one of the source: from now on it is a replica. */
  prove(directory: Directory, mode: number): void {
    writeReplicaRecord(directory, this.record(), mode)
    this.isUnproven = false
  }

  private record(): ReplicaRecord {
    return { source: this.of.source, since: new Date().toISOString() }
  }
}
