import * as fs from 'node:fs'
import * as path from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { absolute } from '../../base/absolute.js'
import { checkOptions, kinds } from '../../base/options.js'
import { Frame, Page as P, SLOT_SHIFT } from '../../frames/format.js'
import { prefixHashes } from '../../frames/schema-prefixes.js'
import { native } from '../../native/index.js'
import { WriterLock } from '../control/writer-lock.js'
import { writerState } from '../control/writer-state.js'
import { JournalSystemError, RepairError, WriterLockedError } from '../errors.js'
import { FileName, listDirectory, openToRead, pagePath } from '../files/directory.js'
import { lostTypes, writeRepairRecord } from '../files/repair-record.js'
import { isJournal, notAJournal } from '../inspect/inspect.js'
import { slotsOf } from '../pages/header.js'
import type { Finding } from '../verify/findings.js'
import { FrameRules } from '../verify/frames.js'
import { verify } from '../verify/verify.js'
import { CopyDirectory, type Run, writeRun } from './copy.js'
import { saveInstruments } from './instruments.js'
import { type BadPage, examinePage, type GoodPage } from './page.js'
import { enterReaders, type SavedReader, saveReaders } from './readers.js'
import { commonSize, hasFrames, modeOf } from './scan.js'
import { saveSchema } from './schema.js'

export interface RepairOptions {
  /** The directory to create; it must not exist. Default: the journal's path with '.repaired' appended. */
  readonly to?: string
  /** Also keep good pages after damage, in journals of their own: TO-2, TO-3 and so on. Default false. */
  readonly salvage?: boolean
  /** Called after each page. */
  readonly onProgress?: (done: number, steps: number) => void
}

/** One journal that was created. */
export interface RepairedCopy {
  readonly path: string
  readonly firstPosition: number
  readonly endPosition: number
  readonly pages: number
  readonly frames: number
}

export interface RepairReport {
  readonly path: string
  /** The first is the repaired journal; there are others only with `salvage`. `verify` has found all of them sound. */
  readonly copies: readonly RepairedCopy[]
  /** Whether no frame, no definition and no instrument was lost. */
  readonly complete: boolean
  /** The frames that could not be kept, and why. */
  readonly lost: readonly LostFrames[]
  /** The number of slots that were committed, as far as that is known, and are in no copy. */
  readonly lostSlots: number
  /** The problems that could be repaired without loss. */
  readonly mended: readonly Finding[]
  /** 'doubtful': schema.json can be read, but pages were created with other definitions. */
  readonly schema: 'kept' | 'doubtful' | 'rebuilt' | 'lost'
  /** Types of frames whose definitions are lost; the frames are kept. */
  readonly lostTypes: readonly number[]
  /** 'none': there was no instruments.json. 'rebuilt': only the entries that could be read are kept. */
  readonly instruments: 'none' | 'kept' | 'rebuilt' | 'lost'
  /** The named readers in the first copy, and the positions where they continue. */
  readonly readers: readonly SavedReader[]
}

/**
 * Copies the good frames of a damaged journal into a new, sound journal next to it. The original is not changed. Frames keep their
 * positions and times.
 *
 * A journal has no gaps, so the copy ends at the first frame that is not good. The rest of that page and all later pages are lost,
 * unless `salvage` copies each run of good pages into a journal of its own. Everything that is not a frame (headers, cursors, marks,
 * seals, the control file, schema.json, instruments.json) is created again from the readable parts. Each copy is verified.
 *
 * @throws {RepairError} when there is no good frame, or when a file exists at the copy's path; {WriterLockedError} when the journal has
 * a writer; {JournalNotFoundError, NotAJournalError, FormatVersionError, JournalFullError, JournalSystemError}.
 */
export async function repair(damaged: string, options: RepairOptions = {}): Promise<RepairReport> {
  checkOptions('repair', options, { to: kinds.string, salvage: kinds.boolean, onProgress: kinds.function })
  const directory = absolute(damaged)
  const { pages } = listDirectory(directory)
  if (!isJournal(directory, pages)) throw notAJournal(directory)
  const target = absolute(options.to) ?? `${directory}.repaired`
  const lock = keepWritersOut(directory)
  try {
    return await new Repair(directory, target, pages, options).run()
  } finally {
    lock?.release()
  }
}

/** A page that was not copied, or only in part. */
export interface LostFrames extends Finding {
  /** How many committed slots were lost from there on, as far as that is known. */
  readonly slots: number
}

class Repair {
  private readonly saved
  private readonly instruments
  private readonly rules: FrameRules
  private readonly mode: number
  private readonly pageSize: number
  private readonly lost: LostFrames[] = []
  private readonly mended: Finding[] = []
  private done = 0

  constructor(
    private readonly directory: string,
    private readonly target: string,
    private readonly pages: readonly number[],
    private readonly options: RepairOptions,
  ) {
    this.saved = saveSchema(directory)
    this.instruments = saveInstruments(directory)
    this.rules = new FrameRules(this.saved.schema, lostTypes(directory), false, this.saved.state === 'kept')
    this.mode = modeOf(directory, pages)
    this.pageSize = commonSize(directory, pages)
  }

  async run(): Promise<RepairReport> {
    refuseExisting(this.target)
    const runs = await this.findRuns()
    if (runs.length === 0)
      throw new RepairError(`nothing of ${this.directory} can be saved: ${this.lost[0]?.what ?? 'it has no frames'}`, {
        path: this.directory,
      })
    const kept = this.options.salvage === true ? runs : runs.slice(0, 1)
    for (const run of runs.slice(kept.length))
      for (const page of run)
        this.lose(
          page.identity.pageNumber,
          page.path,
          0,
          page.slots,
          'it is good, but comes after damage; see --salvage',
        )
    const targets = kept.map((_, i) => (i === 0 ? this.target : `${this.target}-${i + 1}`))
    for (const one of targets) refuseExisting(one)

    const missing = this.typesWithoutDefinition(kept.flat())
    const saved = saveReaders(this.directory)
    const copies: RepairedCopy[] = []
    let readers: readonly SavedReader[] = []
    for (const [i, run] of kept.entries()) {
      const entered = await this.makeCopy(run, targets[i], missing, i === 0 ? saved : [])
      if (i === 0) readers = entered
      copies.push(describeCopy(targets[i], run))
    }
    const schema = this.schemaState(kept.flat())
    const { state: instruments } = this.instruments
    const named = instruments === 'none' || instruments === 'kept'
    return {
      path: this.directory,
      copies,
      complete: this.lost.length === 0 && missing.length === 0 && schema !== 'doubtful' && named,
      lost: this.lost,
      lostSlots: this.lost.reduce((sum, { slots }) => sum + slots, 0),
      mended: this.mended,
      schema,
      lostTypes: missing,
      instruments,
      readers,
    }
  }

  /** Divides the good pages into runs of consecutive pages. */
  private async findRuns(): Promise<Run[]> {
    const { pages, directory, pageSize } = this
    const runs: GoodPage[][] = []
    let run: GoodPage[] = []
    const end = (): void => {
      if (run.length > 0) runs.push(run)
      run = []
    }
    for (const [i, number] of pages.entries()) {
      if (i > 0 && pages[i - 1] + 1 < number) {
        this.lose(
          pages[i - 1] + 1,
          pagePath(directory, pages[i - 1] + 1),
          0,
          (number - pages[i - 1] - 1) * slotsOf(pageSize),
          'it is missing, and so are all pages up to the next existing one',
        )
        end()
      }
      const before = run.at(-1)
      const followed = hasFrames(directory, number)
      // Only a prepared page can follow a page that is not sealed, and a prepared page has no frames.
      if (before?.sealed === false && !followed) break
      if (before?.sealed === false)
        this.mended.push({
          path: before.path,
          page: number - 1,
          what: 'it is not sealed, though the page after it has frames',
        })
      const page = examinePage(
        directory,
        number,
        { pageSize, before: before?.identity, minTime: before?.lastTime ?? 0n },
        this.rules,
      )
      if (!('identity' in page)) this.losePage(number, page)
      else if (page.slots > 0 || (isEmpty(page) && (before !== undefined || i === pages.length - 1))) run.push(page)
      if (!('identity' in page) || !this.accountFor(number, page)) end()
      this.progress(pages.length * 2)
      await nextTurn()
    }
    const last = run.at(-1)
    if (last !== undefined && last.sealed) {
      const next = last.identity.pageNumber + 1
      this.lose(
        next,
        pagePath(directory, next),
        0,
        0,
        'it is missing, though the page before it is sealed: how many frames it had is unknown',
      )
    }
    end()
    return runs
  }

  /** Records what was lost or repaired in a page. Returns whether all of it is good, so that the next page follows without a gap. */
  private accountFor(number: number, page: GoodPage): boolean {
    const { path: file, slots, claimed, wrong } = page
    if (slots < claimed || (slots === 0 && wrong !== '')) {
      this.lose(number, file, slots, claimed - slots, wrong)
      return false
    }
    if (wrong === '') return true
    this.mended.push({ path: file, page: number, what: wrong })
    return true
  }

  private losePage(number: number, page: BadPage): void {
    this.lose(number, page.path, 0, slotsOf(this.pageSize), page.wrong)
  }

  private lose(page: number, file: string, slot: number, slots: number, what: string): void {
    this.lost.push({ path: file, page, slot, position: page * slotsOf(this.pageSize) + slot, what, slots })
  }

  private async makeCopy(
    run: Run,
    target: string,
    missing: readonly number[],
    readers: readonly SavedReader[],
  ): Promise<SavedReader[]> {
    const copy = CopyDirectory.make(target, this.directory)
    const { directory } = copy
    try {
      const { firstPosition, endPosition } = describeCopy(target, run)
      await writeRun(directory, run, this.saved.schema, this.instruments.table, this.mode, async () => {
        this.progress(this.pages.length * 2)
        await nextTurn()
      })
      writeRepairRecord(
        directory,
        { from: this.directory, at: new Date().toISOString(), lostTypes: missing },
        this.mode,
      )
      const entered = enterReaders(
        directory,
        readers,
        firstPosition,
        endPosition,
        run[run.length - 1].identity.pageNumber,
        this.mode,
      )
      const report = await verify(directory.path)
      if (!report.sound) {
        const [{ path: file, what }] = report.findings
        throw new RepairError(
          `the copy of ${this.directory} is not sound (${path.basename(file)}: ${what}); was the journal changed meanwhile?`,
          { path: this.directory },
        )
      }
      copy.finish()
      return entered
    } catch (error) {
      copy.discard()
      throw error
    } finally {
      copy.close()
    }
  }

  /** Types of good frames for which no definition is left. */
  private typesWithoutDefinition(pages: readonly GoodPage[]): number[] {
    const types = new Set<number>()
    for (const { path: file, slots } of pages) {
      const mapping = native.mapFile(file, false)
      const view = new DataView(mapping.buffer)
      for (let slot = 0; slot < slots; ) {
        const at = P.HEADER_SIZE + (slot << SLOT_SHIFT)
        types.add(view.getUint16(at + Frame.TYPE, true))
        slot += view.getUint8(at + Frame.SLOTS) || 1
      }
      mapping.close()
    }
    return [...types].filter(type => this.saved.schema.get(type) === undefined).sort((a, b) => a - b)
  }

  private schemaState(pages: readonly GoodPage[]): RepairReport['schema'] {
    const { state, schema } = this.saved
    if (state !== 'kept') return state
    const known = prefixHashes(schema)
    const proved = pages.every(
      ({ identity, wrong }) => wrong !== '' || known.has(Buffer.from(identity.layoutHash).toString('hex')),
    )
    return proved ? 'kept' : 'doubtful'
  }

  private progress(steps: number): void {
    this.options.onProgress?.(++this.done, steps)
  }
}

function describeCopy(target: string, run: Run): RepairedCopy {
  const last = run[run.length - 1]
  return {
    path: target,
    firstPosition: run[0].identity.firstPosition,
    endPosition: last.identity.firstPosition + last.slots,
    pages: run.length,
    frames: run.reduce((sum, { frames }) => sum + frames, 0),
  }
}

/** Whether no frame has been written to a page. */
function isEmpty(page: GoodPage): boolean {
  return page.claimed === 0 && page.wrong === ''
}

/** Acquires the writer's lock, if the lock file exists and may be written. */
function keepWritersOut(directory: string): WriterLock | undefined {
  const file = path.join(directory, FileName.LOCK)
  const stat = fs.lstatSync(file, { throwIfNoEntry: false })
  if (stat === undefined || !stat.isFile()) return undefined
  const opened = openToRead(directory)
  try {
    return WriterLock.acquire(opened, stat.mode & 0o777)
  } catch (error) {
    if (!(error instanceof JournalSystemError)) throw error
    // A journal that may only be read: its lock cannot be acquired, only checked.
    const { held, ...holder } = writerState(directory)
    if (held === true)
      throw new WriterLockedError(
        `${directory} is being written (pid ${holder.pid ?? 'unknown'}); stop that process first`,
        holder,
        { path: file },
      )
    return undefined
  } finally {
    opened.close()
  }
}

function refuseExisting(target: string): void {
  if (fs.lstatSync(target, { throwIfNoEntry: false }) === undefined) return
  throw new RepairError(`${target} exists already; move it away, or give another directory with --to`, {
    path: target,
  })
}
