import { createHash } from 'node:crypto'
import { on } from '../../frames/handlers.js'
import { Reader } from '../../journal/read/reader.js'
import { positionsOf } from '../../journal/seek/last-frames.js'
import { SnapshotEnd, SnapshotPart } from '../sequence/frames.js'
import { parted, unpack } from './pack.js'

/** Bytes of a part. */
export const PART_BYTES = 2000

/** A snapshot in a sequence, as its last frame describes it. */
export interface SnapshotPlace {
  readonly number: number
  /** What it says is true before this position. */
  readonly at: number
  readonly begin: number
  /** Of its SnapshotEnd. */
  readonly end: number
  readonly parts: number
  readonly size: number
  readonly sha256: string
}

/** A snapshot whose parts are all there. */
export interface FoundSnapshot {
  readonly place: SnapshotPlace
  readonly bytes: Uint8Array
}

/** What the contexts of strategies know there: `ViewsData` of trading/strategies. */
export function viewsIn({ bytes }: FoundSnapshot): unknown {
  return unpack(parted(bytes)[0])
}

/** What the desk knows there: `PlayerData` of trading/desk. */
export function deskIn({ bytes }: FoundSnapshot): unknown {
  return unpack(parted(bytes)[1])
}

/** A snapshot that cannot be used. */
export interface UnusableSnapshot {
  readonly place: SnapshotPlace
  /** What is wrong with it: 'part 3 of 7 is not there'. */
  readonly problem: string
}

/**
 * The snapshots of a sequence, the last one first.
 *
 * @param latest only those that are true at this position: `at` is not behind it.
 */
export function* snapshotsOf(sequence: string, latest = Number.POSITIVE_INFINITY): Generator<SnapshotPlace, undefined> {
  for (const position of positionsOf(sequence, SnapshotEnd.id)) {
    const place = placeAt(sequence, position)
    if (place !== undefined && place.at <= latest) yield place
  }
}

/** The last snapshot that can be used and is complete before a position; undefined when there is none. */
export function snapshotBefore(sequence: string, position: number): FoundSnapshot | undefined {
  for (const end of positionsOf(sequence, SnapshotEnd.id, position)) {
    const place = placeAt(sequence, end)
    const bytes = place === undefined ? 'it is gone' : readSnapshot(sequence, place)
    if (place !== undefined && typeof bytes !== 'string') return { place, bytes }
  }
  return undefined
}

/** The last snapshot that can be used, undefined when there is none; and those behind it that cannot. */
export function findSnapshot(
  sequence: string,
  latest?: number,
): { readonly found: FoundSnapshot | undefined; readonly unusable: readonly UnusableSnapshot[] } {
  const unusable: UnusableSnapshot[] = []
  for (const place of snapshotsOf(sequence, latest)) {
    const read = readSnapshot(sequence, place)
    if (typeof read !== 'string') return { found: { place, bytes: read }, unusable }
    unusable.push({ place, problem: read })
  }
  return { found: undefined, unusable }
}

/** Where everything is known that comes after it: the beginning of a sequence, or its first complete snapshot. */
export interface FirstKnown {
  readonly position: number
  /** Undefined at the beginning. */
  readonly snapshot: FoundSnapshot | undefined
}

/** Undefined when the first pages are gone and no snapshot is complete. */
export function firstKnown(sequence: string): FirstKnown | undefined {
  const reader = Reader.open(sequence)
  const first = reader.position
  reader.close()
  if (first === 0) return { position: 0, snapshot: undefined }
  for (const place of [...snapshotsOf(sequence)].reverse()) {
    if (place.at < first) continue
    const bytes = readSnapshot(sequence, place)
    if (typeof bytes !== 'string') return { position: place.at, snapshot: { place, bytes } }
  }
  return undefined
}

/** The bytes of a snapshot, or what is wrong with it. */
export function readSnapshot(sequence: string, place: SnapshotPlace): Uint8Array | string {
  const { number, at, begin, end, parts, size } = place
  const isSound = at <= begin && begin < end && size <= parts * PART_BYTES && parts * SnapshotPart.slots <= end - begin
  if (!isSound) return 'its last frame contradicts itself'
  const bytes = new Uint8Array(size)
  let part = 0
  let filled = 0
  let problem: string | undefined
  const handlers = on(SnapshotPart, frame => {
    if (frame.snapshot !== number || problem !== undefined) return
    if (frame.part !== part || filled + frame.size > size) problem = `part ${part} of ${parts} is not there`
    else bytes.set(frame.bytes.subarray(0, frame.size), filled)
    part++
    filled += frame.size
  })
  try {
    const reader = Reader.open(sequence, { from: { position: begin } })
    try {
      while (reader.position < end && reader.poll(handlers, BATCH) > 0);
    } finally {
      reader.close()
    }
  } catch (error) {
    return `it cannot be read: ${(error as Error).message}`
  }
  if (problem !== undefined) return problem
  if (part !== parts || filled !== size) return `part ${part} of ${parts} is not there`
  return createHash('sha256').update(bytes).digest('hex') === place.sha256 ? bytes : 'its checksum is wrong'
}

const BATCH = 1024

function placeAt(sequence: string, position: number): SnapshotPlace | undefined {
  const reader = Reader.open(sequence, { from: { position } })
  try {
    for (const frame of reader) {
      if (!frame.is(SnapshotEnd)) return undefined
      const { snapshot, at, begin, parts, size, sha256 } = frame
      return { number: snapshot, at, begin, end: position, parts, size, sha256 }
    }
    return undefined
  } finally {
    reader.close()
  }
}
