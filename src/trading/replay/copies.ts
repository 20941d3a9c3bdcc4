import * as fs from 'node:fs'
import { on } from '../../frames/handlers.js'
import type { FramePointer } from '../../frames/pointer.js'
import { type FrameView, pointerOf } from '../../frames/view.js'
import { isJournal } from '../../journal/inspect/inspect.js'
import { Reader } from '../../journal/read/reader.js'
import { specOf } from '../messages/instrument-frames.js'
import { Fill } from '../messages/order-frames.js'
import { InstrumentTerms, Taken } from '../messages/sequence-frames.js'
import { isStrategyFrame, STRATEGY_FRAMES, StrategyReset } from '../sequence/frames.js'
import { type HomeDirectory, STRATEGY_JOURNALS } from '../sequence/home.js'
import { isSameFrame } from '../sequence/same-frame.js'
import { readInstruments } from '../snapshots/instruments.js'

/** A copy in the sequence that is not what the strategy's journal has. */
export interface CopyDifference {
  /** Of the copy in the sequence. */
  readonly position: number
  /** Of the frame in the strategy's journal; undefined when it has none there. */
  readonly original: number | undefined
  readonly copy: unknown
  readonly written: unknown
}

export interface Copies {
  /** By the number of a strategy: the first copy that is not the same. */
  readonly differences: ReadonlyMap<number, CopyDifference>
  /** By the number of a strategy: why its journal could not be read to its end. */
  readonly unreadable: ReadonlyMap<number, Error>
  /** Fills by venue. */
  readonly fills: ReadonlyMap<string, number>
}

/**
 * Compares what the sequence has of strategies' orders with what they wrote themselves: neither decides anything in a
 * replay of the other, so a byte that was changed in one of them would otherwise look like another decision.
 *
 * @param strategies the ids of the strategies whose journals may be compared, by their numbers.
 * @param from where it is known what was before: everything that is compared is behind it.
 * @param end of the sequence.
 */
export function compareCopies(
  home: HomeDirectory,
  strategies: ReadonlyMap<number, string>,
  from: number,
  end: number,
): Copies {
  const originals = new Map<number, Original>()
  const differences = new Map<number, CopyDifference>()
  const unreadable = new Map<number, Error>()
  const fills = new Map<string, number>()
  const venues: string[] = []
  let current: Original | undefined
  const compare = (frame: FrameView): void => {
    if (current === undefined || differences.has(current.strategy)) return
    try {
      const difference = current.compare(frame)
      if (difference !== undefined) differences.set(current.strategy, difference)
    } catch (error) {
      unreadable.set(current.strategy, error as Error)
      originals.get(current.strategy)?.close()
      current = undefined
    }
  }
  const handlers = on(Taken, frame => {
    const strategy = frame.journal - STRATEGY_JOURNALS
    const id = strategies.get(strategy)
    current = undefined
    if (id === undefined || unreadable.has(strategy)) return
    try {
      current = originals.get(strategy) ?? new Original(strategy, home.strategy(id), frame.from)
      originals.set(strategy, current)
    } catch (error) {
      unreadable.set(strategy, error as Error)
    }
  })
    .on(StrategyReset, ({ strategy }) => {
      // What was compared before is another journal, which was put aside.
      originals.get(strategy)?.close()
      originals.delete(strategy)
      differences.delete(strategy)
      unreadable.delete(strategy)
    })
    .on(InstrumentTerms, frame => void (venues[frame.number] = specOf(frame).venue))
    .on(Fill, frame => {
      const venue = venues[frame.instrument] ?? ''
      fills.set(venue, (fills.get(venue) ?? 0) + 1)
    })
  for (const definition of STRATEGY_FRAMES) handlers.on(definition, compare)
  readInstruments(home.sequence, from, (number, { venue }) => void (venues[number] = venue))
  const reader = Reader.open(home.sequence, { from: from === 0 ? 'start' : { position: from } })
  try {
    while (reader.position < end && reader.poll(handlers, BATCH) > 0);
  } finally {
    reader.close()
    for (const original of originals.values()) original.close()
  }
  return { differences, unreadable, fills }
}

/** The journal of one strategy, read beside the sequence. */
class Original {
  private readonly reader: Reader
  private readonly frames: Iterator<FrameView>

  constructor(
    readonly strategy: number,
    journal: string,
    from: number,
  ) {
    this.reader = Reader.open(journal, { from: from === 0 ? 'start' : { position: from } })
    this.frames = this.reader[Symbol.iterator]()
  }

  compare(copy: FrameView): CopyDifference | undefined {
    for (let next = this.frames.next(); next.done !== true; next = this.frames.next()) {
      const frame = next.value
      if (!isStrategyFrame(frame)) continue
      if (isSameFrame(pointerOf(frame) as FramePointer, pointerOf(copy) as FramePointer)) return undefined
      return { position: copy.position, original: frame.position, copy: copy.toJSON(), written: frame.toJSON() }
    }
    return { position: copy.position, original: undefined, copy: copy.toJSON(), written: undefined }
  }

  close(): void {
    this.reader.close()
  }
}

/** Whether there is a journal at a path. */
export function isThere(journal: string): boolean {
  return fs.existsSync(journal) && isJournal(journal)
}

const BATCH = 4096
