import * as path from 'node:path'
import { now } from '../base/clock.js'
import { Control as C } from '../frames/format.js'
import { Control } from '../journal/control/control.js'
import { listReaders } from '../journal/control/reader-registry.js'
import { readHolder } from '../journal/control/writer-lock.js'
import { JournalNotFoundError } from '../journal/errors.js'
import { FileName, listDirectory } from '../journal/files/directory.js'
import type { MappedPage } from '../journal/pages/page.js'
import { lastTimeOf } from '../journal/pages/page-times.js'
import { lastPage, tryPage } from '../journal/seek/seek.js'
import { Kept } from './kept.js'
import type { JournalSample, ReaderSample } from './types.js'

/**
 * Samples one journal: its directory, the header of its last page, and its control file. Reads what is mapped, takes no lock and no
 * reader's slot, and wakes no process.
 */
export class JournalSampler {
  private before: { readonly time: bigint; readonly position: number } | undefined = undefined
  private readonly control: Kept<Control>
  /** The last page, of the directory that is at the path. */
  private readonly pages: Kept<{ page: MappedPage; close(): void }>

  constructor(
    readonly directory: string,
    private readonly name = path.basename(directory),
  ) {
    this.control = new Kept(path.join(directory, FileName.CONTROL), () => Control.openForReader(directory))
    this.pages = new Kept(directory, () => {
      const found = {
        page: lastPage(directory, this.control.get()),
        close: (): void => found.page.mapping.close(),
      }
      return found
    })
  }

  /** @throws {JournalNotFoundError, NotAJournalError, CorruptJournalError} */
  sample(): JournalSample {
    const { directory, name } = this
    const control = this.control.get()
    const page = this.currentPage()
    const time = now()
    const { pages } = listDirectory(directory)
    const position = page.firstPosition + page.cursor
    const lastTime = lastTimeOf(page) ?? this.lastTimeBefore(page.number)
    const { before } = this
    this.before = { time, position }
    const seconds = before === undefined ? 0 : Number(time - before.time) / 1e9
    const { pid, epoch } = readHolder(directory)
    return {
      name,
      path: directory,
      firstPosition: (pages[0] ?? page.number) * page.capacity,
      position,
      pages: pages.length,
      bytes: pages.length * page.identity.pageSize,
      durable: durableIn(directory, page),
      writer: { alive: hasWriter(control), pid, epoch },
      lastTime,
      ageMs: lastTime === undefined ? undefined : ageMs(time, lastTime),
      slotsPerSecond: before === undefined || seconds <= 0 ? undefined : (position - before.position) / seconds,
      rolls: page.number,
      rollsWaited: control?.waitedRolls ?? 0,
      readers: control === undefined ? [] : readersOf(control, position, time),
    }
  }

  close(): void {
    this.control.close()
    this.pages.close()
  }

  /** The page that is written. */
  private currentPage(): MappedPage {
    const found = this.pages.get()
    if (found === undefined)
      throw new JournalNotFoundError(`there is no journal at ${this.directory} any more`, { path: this.directory })
    while (found.page.sealed) {
      const next = tryPage(this.directory, found.page.number + 1)
      if (next === undefined) break
      found.page.mapping.close()
      found.page = next
    }
    return found.page
  }

  /** A writer begins a page after each boot: the last frame may be on an earlier one. */
  private lastTimeBefore(number: number): bigint | undefined {
    return number === 0
      ? undefined
      : withPage(this.directory, number - 1, page => lastTimeOf(page) ?? this.lastTimeBefore(page.number))
  }
}

/** Whether a process writes the journal: it holds a lock in the control file, which is asked for and never taken. */
function hasWriter(control: Control | undefined): boolean {
  return control?.mapping.rangeLocked(C.CURRENT_PAGE, 1) ?? false
}

function readersOf(control: Control, end: number, time: bigint): ReaderSample[] {
  return listReaders(control).map(({ name, alive, pid, position, heartbeat }) => ({
    name,
    alive,
    pid,
    position,
    lag: Math.max(0, end - position),
    ageMs: ageMs(time, heartbeat),
  }))
}

/** Frames before this position are durable. The first pages of a journal that is synced are, when nothing else is known. */
function durableIn(directory: string, page: MappedPage): number | undefined {
  if (!page.checked && page.durable === 0) return undefined
  if (page.durable > 0 || page.number === 0) return page.firstPosition + page.durable
  return withPage(directory, page.number - 1, before => durableIn(directory, before)) ?? page.firstPosition
}

/** Undefined when retention has removed the page. */
function withPage<T>(directory: string, number: number, read: (page: MappedPage) => T): T | undefined {
  const page = tryPage(directory, number)
  if (page === undefined) return undefined
  try {
    return read(page)
  } finally {
    page.mapping.close()
  }
}

/** ms from a time to now; 0 for a time that is later, as a clock may be set back. */
export function ageMs(at: bigint, time: bigint): number {
  return Math.max(0, Number(at - time) / 1e6)
}
