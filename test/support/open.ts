/** Opens journals in new folders. They are closed and removed when the test is over. */
import { join } from 'node:path'
import { MergedReader, type MergeSource, Reader, type ReaderOptions, Writer, type WriterOptions } from 'ticktape'
import { onTestFinished } from 'vitest'
import { makeFolder } from './folders.ts'
import { Count, Huge, Pair } from './frames.ts'

export const SMALL_PAGE = 64 * 1024
/** 64-byte slots of a page of 64 KiB. */
export const SMALL_CAPACITY = 960

/** A path for a new journal. */
export function journalPath(where: 'disk' | 'memory' = 'memory'): string {
  return join(makeFolder(where), 'journal')
}

export function openWriter(directory: string = journalPath(), options: WriterOptions = {}): Writer {
  const writer = Writer.open(directory, { pageSize: SMALL_PAGE, ...options })
  onTestFinished(() => writer.close())
  return writer
}

export function openReader(directory: string, options: ReaderOptions = {}): Reader {
  const reader = Reader.open(directory, options)
  onTestFinished(() => reader.close())
  return reader
}

export function openMerged(sources: readonly (string | MergeSource)[]): MergedReader {
  const reader = MergedReader.open(sources)
  onTestFinished(() => reader.close())
  return reader
}

/** Writes Count frames numbered from `from` to below `to`. */
export function writeCounts(writer: Writer, from: number, to: number): void {
  for (let n = from; n < to; n++) {
    const frame = writer.begin(Count)
    frame.n = n
    writer.commit()
  }
}

/** Writes a frame of 1, 2 or 255 slots that carries `n`. Returns its position. */
export function writeSized(writer: Writer, slots: 1 | 2 | 255, n: number): number {
  const frame = slots === 1 ? writer.begin(Count) : slots === 2 ? writer.begin(Pair) : writer.begin(Huge)
  frame.n = n
  return writer.commit()
}

/** A frame as a plain object. */
export interface Seen {
  readonly position: number
  readonly type: number
  readonly time: bigint
  readonly values: Record<string, unknown>
}

/** All frames that exist now. */
export function readAll(reader: Reader): Seen[] {
  const seen: Seen[] = []
  for (const frame of reader)
    seen.push({ position: frame.position, type: frame.type, time: frame.time, values: frame.toObject() })
  return seen
}

/** The numbers of all frames that exist now. */
export function readNumbers(reader: Reader): number[] {
  return readAll(reader).map(frame => frame.values['n'] as number)
}

/** 0, 1, 2 ... */
export function upTo(count: number, from = 0): number[] {
  return Array.from({ length: count }, (_, i) => from + i)
}
