import { createHash, randomBytes } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Schema } from '../../dist/frames/schema.js'
import type { ReplicaOptions } from '../../dist/journal/replicate/replica-writer.js'
import { ReplicaWriter } from '../../dist/journal/replicate/replica-writer.js'
import { RunReader } from '../../dist/journal/replicate/run-reader.js'

/** For tests of replicas. Frames are compared with a decoder written from docs/format.md alone. */

export interface PlainPage {
  readonly number: number
  readonly cursor: number
  readonly sealed: boolean
  /** A digest of the frames, with 0 in place of their CRCs. */
  readonly frames: string
}

/** The pages of a journal that have frames. */
export function pagesOf(directory: string): PlainPage[] {
  return readdirSync(directory)
    .filter(name => name.endsWith('.page'))
    .sort()
    .map(name => {
      const bytes = readFileSync(join(directory, name))
      const cursor = bytes.readUInt32LE(128)
      const frames = bytes.subarray(4096, 4096 + 64 * cursor)
      for (let at = 0; at < frames.length; at += 64 * frames[at + 2]) frames.writeUInt32LE(0, at + 4)
      const digest = createHash('sha256').update(frames).digest('hex')
      return { number: bytes.readUInt32LE(20), cursor, sealed: bytes.readUInt32LE(256) === 1, frames: digest }
    })
    .filter(({ cursor }) => cursor > 0)
}

export function textOf(directory: string, name: string): string {
  return readFileSync(join(directory, name), 'utf8')
}

export const SOURCE = randomBytes(16).toString('hex')

/** Opens the replica of a source, and gives it the source's definitions. */
export function openReplica(directory: string, source: string, options: ReplicaOptions = {}): ReplicaWriter {
  using reader = RunReader.open(source, { from: 'start' })
  const writer = ReplicaWriter.open(
    directory,
    { source: SOURCE, ...reader.kind, firstPosition: reader.position },
    { durability: 'process', ...options },
  )
  writer.addDefinitions(Schema.parse(textOf(source, 'schema.json'), source).definitions)
  return writer
}

/** Applies all that the source has from where the reader is. Returns the number of runs. */
export function applyAll(reader: RunReader, writer: ReplicaWriter, mostBytes = 256 * 1024): number {
  let runs = 0
  for (let run = reader.next(mostBytes); run !== undefined; run = reader.next(mostBytes), runs++) writer.append(run)
  return runs
}

/** A complete replica of a source, closed. */
export function makeReplica(directory: string, source: string, mostBytes?: number, options?: ReplicaOptions): void {
  using reader = RunReader.open(source, { from: 'start' })
  using writer = openReplica(directory, source, options)
  applyAll(reader, writer, mostBytes)
}
