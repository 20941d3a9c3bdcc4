import * as fs from 'node:fs'
import * as path from 'node:path'
import { absolute } from '../../base/absolute.js'
import { type JournalMoment, takeMoment } from '../../journal/columns/moment.js'
import { ColumnScan } from '../../journal/columns/scan.js'
import { JournalNotFoundError } from '../../journal/errors.js'
import { makeDurableDirectories, openToRead, syncDirectory } from '../../journal/files/directory.js'
import { openPage } from '../../journal/pages/page.js'
import type { Directory } from '../../native/addon.js'
import { ExportError } from '../errors.js'
import { journalsAt, type SourceJournal } from '../journals.js'
import type { AttachedView } from '../sql/attach.js'
import { ArrowFormat } from './arrow-format.js'
import { checkSameOptions, type JournalProgress, type Manifest, readManifest, writeManifest } from './manifest.js'
import { DuckDbFormat, type PartFormat } from './part-format.js'
import { checkLayout, type ExportLayout, partitionsOf } from './select.js'

/** Bytes of pages whose frames become one file of each kind. */
const CHUNK_BYTES = 64 * 1024 * 1024
const SLOT = 64

export interface ExportReport {
  /** Frames that this run has written. */
  readonly frames: number
  readonly files: number
  /** Whether it was stopped before the end. */
  readonly stopped: boolean
}

/**
 * Writes the frames of journals into files, by frame: OUT/book_top/NAME-POSITION.parquet. Each file is complete or not there; export.json
 * says how far the export is, and the next one continues there.
 */
export class Exporter {
  private frames = 0
  private files = 0
  private readonly to: string
  private manifest: Manifest

  private constructor(
    private readonly journals: readonly SourceJournal[],
    to: string,
    private readonly layout: ExportLayout,
    private readonly durable: boolean,
  ) {
    this.to = absolute(to)
    this.manifest = { format: 1, files: layout.format, by: layout.by, decimals: layout.decimals, journals: {} }
    const known = readManifest(this.to)
    if (known === undefined) this.checkEmpty()
    else checkSameOptions(this.to, known, this.manifest)
    this.manifest = known ?? this.manifest
  }

  /** @throws {ExportError} when the directory has other files or another export; as `journalsAt`. */
  static open(directory: string, to: string, layout: ExportLayout, durable: boolean): Exporter {
    return new Exporter(journalsAt(directory), to, layout, durable)
  }

  get report(): Omit<ExportReport, 'stopped'> {
    return { frames: this.frames, files: this.files }
  }

  /**
   * Exports what the journals have now.
   *
   * @param onProgress called after each part, with the positions that are done and those that there are.
   * @throws {PackageMissingError}, {ExportError}, {QueryError}, and as a scan.
   */
  async run(signal: AbortSignal, onProgress: (done: number, total: number) => void): Promise<void> {
    makeDurableDirectories(this.to, 0o700)
    for (const [index, journal] of this.journals.entries()) {
      if (signal.aborted) return
      await this.exportJournal(journal, signal, (done, total) =>
        onProgress(index * total + done, total * this.journals.length),
      )
    }
  }

  private async exportJournal(
    journal: SourceJournal,
    signal: AbortSignal,
    onProgress: (done: number, total: number) => void,
  ): Promise<void> {
    const opened = openToRead(journal.path)
    let format: PartFormat | undefined
    try {
      const moment = momentIn(opened, this.durable)
      if (moment === undefined) return
      let first = this.startOf(journal, opened, moment)
      if (first >= moment.end) return
      const { name, path: from } = journal
      format =
        this.layout.format === 'arrow'
          ? await ArrowFormat.open(name, opened, moment)
          : await DuckDbFormat.open(from, name, this.layout, this.durable)
      const stop = (): void => format?.interrupt()
      signal.addEventListener('abort', stop)
      const views = viewsOf(journal, format.views, this.journals, moment)
      checkLayout([...views.values()], this.layout)
      const step = Math.max(1, Math.round(CHUNK_BYTES / SLOT / moment.capacity)) * moment.capacity
      const begin = first
      while (first < moment.end && !signal.aborted) {
        // Parts end at the same positions in each run, but for the last one.
        const before = Math.min(moment.end, (Math.floor(first / step) + 1) * step)
        await this.exportPart(format, journal, opened, moment, views, first, before, signal)
        if (signal.aborted) break
        first = before
        onProgress(first - begin, moment.end - begin)
      }
      signal.removeEventListener('abort', stop)
    } finally {
      await format?.close()
      opened.close()
    }
  }

  private async exportPart(
    format: PartFormat,
    journal: SourceJournal,
    opened: Directory,
    moment: JournalMoment,
    views: ReadonlyMap<number, AttachedView>,
    first: number,
    before: number,
    signal: AbortSignal,
  ): Promise<void> {
    for (const [type, frames] of countTypes(opened, moment, first, before)) {
      const view = views.get(type)
      if (view === undefined || frames === 0) continue
      const name = `${nameOf(journal).replace(/[^A-Za-z0-9]+/g, '-')}-${String(first).padStart(16, '0')}`
      const temporary = path.join(this.to, `.${view.name}.tmp`)
      fs.rmSync(temporary, { recursive: true, force: true })
      try {
        await format.write(view, first, before, temporary, signal)
      } catch (error) {
        fs.rmSync(temporary, { recursive: true, force: true })
        if (signal.aborted) return
        throw error
      }
      this.place(temporary, path.join(this.to, view.name), name, partitionsOf(view, this.layout).length > 0)
      this.frames += frames
    }
    const progress: JournalProgress = { next: before, created: createdOf(opened, moment, before) }
    this.manifest = { ...this.manifest, journals: { ...this.manifest.journals, [nameOf(journal)]: progress } }
    writeManifest(this.to, this.manifest)
  }

  /** Gives files their names, one after another: a part that was interrupted is exported again, with the same names. */
  private place(temporary: string, folder: string, name: string, isPartitioned: boolean): void {
    const extension = this.layout.format
    const files = isPartitioned
      ? fs.readdirSync(temporary, { recursive: true, withFileTypes: true }).filter(entry => entry.isFile())
      : [undefined]
    for (const [i, entry] of files.entries()) {
      const file = entry === undefined ? temporary : path.join(entry.parentPath, entry.name)
      const into = entry === undefined ? folder : path.join(folder, path.relative(temporary, entry.parentPath))
      const siblings = files.slice(0, i).filter(other => other?.parentPath === entry?.parentPath).length
      makeDurableDirectories(into, 0o700)
      syncFile(file)
      fs.renameSync(file, path.join(into, `${name}${siblings === 0 ? '' : `-${siblings}`}.${extension}`))
      syncDirectory(into)
      this.files++
    }
    fs.rmSync(temporary, { recursive: true, force: true })
  }

  /** Where the export of a journal continues. @throws {ExportError} */
  private startOf(journal: SourceJournal, opened: Directory, moment: JournalMoment): number {
    const known = this.manifest.journals[nameOf(journal)]
    if (known === undefined) return moment.first
    const fail = (what: string): never => {
      throw new ExportError(`${journal.path} ${what}; export into another directory`, {
        path: journal.path,
        position: known.next,
      })
    }
    if (known.next > moment.end) fail(`ends at ${moment.end}, and was exported to ${known.next}: it is another journal`)
    if (known.next < moment.first)
      fail(`begins at ${moment.first} by now: frames from ${known.next} on were removed before they were exported`)
    const created = createdOf(opened, moment, known.next)
    if (created !== '' && known.created !== '' && created !== known.created)
      fail('was created again since it was exported')
    return known.next
  }

  private checkEmpty(): void {
    const [other] = fs.existsSync(this.to) ? fs.readdirSync(this.to) : []
    if (other === undefined) return
    throw new ExportError(`${this.to} has other files ('${other}') and no export: give a directory of its own`, {
      path: this.to,
    })
  }
}

/** The name of a journal in the manifest and in the names of files. */
function nameOf({ name }: SourceJournal): string {
  return name === '' ? 'part' : name
}

function momentIn(directory: Directory, durable: boolean): JournalMoment | undefined {
  try {
    return takeMoment(directory, durable)
  } catch (error) {
    if (error instanceof JournalNotFoundError) return undefined
    throw error
  }
}

/** The views by the type of their frames, without those that the first journal has. */
function viewsOf(
  journal: SourceJournal,
  views: readonly AttachedView[],
  [main]: readonly SourceJournal[],
  { schema }: JournalMoment,
): Map<number, AttachedView> {
  const mainTypes = new Set<number>()
  if (journal.onlyOwn) {
    const opened = openToRead(main.path)
    for (const { id } of momentIn(opened, false)?.schema.definitions ?? []) mainTypes.add(id)
    opened.close()
  }
  const byFrame = new Map(views.map(view => [view.frame, view]))
  const wanted = new Map<number, AttachedView>()
  for (const { id, name } of schema.definitions) {
    const view = byFrame.get(name)
    if (view !== undefined && !mainTypes.has(id)) wanted.set(id, view)
  }
  return wanted
}

/** How many frames of each type there are between two positions. */
function countTypes(opened: Directory, moment: JournalMoment, from: number, to: number): Map<number, number> {
  const tables = moment.schema.definitions.map(definition => ({ definition, columns: [] }))
  using scan = new ColumnScan(opened, moment, { tables, from, to })
  const counts = new Map<number, number>(tables.map(({ definition }) => [definition.id, 0]))
  for (let batch = scan.next(); batch !== undefined; batch = scan.next()) {
    const { id } = tables[batch.table].definition
    counts.set(id, (counts.get(id) ?? 0) + batch.rows)
  }
  return counts
}

/** When the page of the last frame before a position was created; '' when it is not there any more. */
function createdOf(opened: Directory, { capacity }: JournalMoment, before: number): string {
  if (before === 0) return ''
  try {
    const page = openPage(opened, Math.floor((before - 1) / capacity), false)
    page.mapping.close()
    return String(page.identity.created)
  } catch (error) {
    if (error instanceof JournalNotFoundError) return ''
    throw error
  }
}

function syncFile(file: string): void {
  const descriptor = fs.openSync(file, 'r')
  try {
    fs.fsyncSync(descriptor)
  } finally {
    fs.closeSync(descriptor)
  }
}
