/** What the sequence of a home says about its pairs, and copies of homes that end earlier. */
import { mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { type FrameDefinition, type FrameView, Reader, Writer } from 'ticktape'
import { Lifecycle, Progress } from 'ticktape/runtime'
import {
  BookTop,
  Fill,
  Order,
  Pair,
  PairReport,
  type PairReportValues,
  type PairValues,
  Ticker,
  Trade,
} from 'ticktape/trading'
import * as views from '../../dist/frames/view.js'
import { Intent, SEQUENCE_FRAMES, TimerRequest } from '../../dist/trading/sequence/frames.js'
import { readIdentity } from '../../dist/trading/sequence/home.js'
import { SEQUENCE } from './desks.ts'

export interface PairEnd {
  readonly state: string
  readonly reason: string
  /** Of all its orders, in units; closing orders count against their leg. */
  readonly net: readonly [number, number]
  readonly quantities: readonly [number, number]
  readonly closings: number
  /** Submits of each order: 1. */
  readonly sent: ReadonlyMap<bigint, number>
}

const STEP = 1000

interface Followed {
  state: string
  reason: string
  net: [number, number]
  quantities: [number, number]
  closings: number
  sent: Map<bigint, number>
}

/** What is followed: the frames of pairs, whether they come from a journal or from a desk. */
type Fact =
  | ({ readonly kind: 'Pair' } & Pick<PairValues, 'pairId' | 'firstQuantity' | 'secondQuantity'>)
  | ({ readonly kind: 'PairReport' } & Pick<PairReportValues, 'pairId' | 'state' | 'reason'>)
  | {
      readonly kind: 'Intent'
      readonly orderId: bigint
      readonly steps: number
      readonly side: string
      readonly action: string
    }
  | { readonly kind: 'Fill'; readonly orderId: bigint; readonly side: string; readonly quantity: number }

/**
 * Follows the pairs of instruments with steps of 0.001, of which the first leg is bought and the second one sold.
 *
 * @throws when a closing order is for more than what is unequal by the fills before it.
 */
export class PairFollower {
  readonly pairs = new Map<bigint, Followed>()

  add(fact: Fact): void {
    if (fact.kind === 'Pair') {
      const quantities: [number, number] = [
        Math.round(fact.firstQuantity * STEP),
        Math.round(fact.secondQuantity * STEP),
      ]
      this.pairs.set(fact.pairId, { state: '', reason: '', net: [0, 0], quantities, closings: 0, sent: new Map() })
    } else if (fact.kind === 'PairReport') {
      const pair = this.pairs.get(fact.pairId)
      if (pair !== undefined) Object.assign(pair, { state: fact.state, reason: fact.reason })
    } else if (fact.kind === 'Intent') this.submit(fact)
    else if (fact.kind === 'Fill') this.fill(fact)
  }

  private submit({ action, orderId, side, steps }: Fact & { kind: 'Intent' }): void {
    const pair = this.of(orderId)
    if (pair === undefined || action !== 'submit') return
    pair.sent.set(orderId, (pair.sent.get(orderId) ?? 0) + 1)
    if (orderId % 32n < 3n) return
    pair.closings++
    const [own, other] = side === 'sell' ? ([0, 1] as const) : ([1, 0] as const)
    const excess = pair.net[own] - Math.ceil((pair.net[other] * pair.quantities[own]) / pair.quantities[other])
    if (steps > excess) throw new Error(`order ${orderId} closes ${steps} steps, and the excess is ${excess}`)
  }

  private fill({ orderId, side, quantity }: Fact & { kind: 'Fill' }): void {
    const pair = this.of(orderId)
    if (pair === undefined) return
    const isClosing = orderId % 32n >= 3n
    const leg = (side === 'buy') === isClosing ? 1 : 0
    pair.net[leg] += Math.round(quantity * STEP) * (isClosing ? -1 : 1)
  }

  private of(orderId: bigint): Followed | undefined {
    return this.pairs.get(orderId - (orderId % 32n))
  }
}

/** Follows what a sequence has. @throws as `PairFollower.add`. */
export function followPairs(home: string): PairFollower {
  const follower = new PairFollower()
  using reader = Reader.open(join(home, 'gateway'))
  for (const frame of reader) {
    if (frame.is(Pair)) follower.add({ kind: 'Pair', ...frame.toObject() })
    else if (frame.is(PairReport)) follower.add({ kind: 'PairReport', ...frame.toObject() })
    else if (frame.is(Intent)) follower.add({ kind: 'Intent', ...frame.toObject() })
    else if (frame.is(Fill)) follower.add({ kind: 'Fill', ...frame.toObject() })
  }
  return follower
}

export function pairsOf(home: string): ReadonlyMap<bigint, PairEnd> {
  return followPairs(home).pairs
}

/**
 * The positions at which a killed gateway may have left the sequence: those of all frames but the copies of what was taken,
 * which are one store with their Taken.
 */
export function endsOf(home: string): number[] {
  const ends: number[] = []
  using reader = Reader.open(join(home, 'gateway'))
  for (const frame of reader) if (!COPIES.has(frame.type)) ends.push(frame.position)
  return ends
}

const COPIES: ReadonlySet<number> = new Set([Order, Pair, BookTop, Ticker, Trade, TimerRequest].map(({ id }) => id))

/**
 * A copy of a home whose sequence ends at a position, and whose strategies have not handled anything after it: what a kill
 * leaves. All journals are of one page, so that all positions stay what they are.
 */
export function cutHome(home: string, copy: string, end: number, pageSize: number): void {
  cutSequence(home, copy, end, pageSize)
  for (const id of readdirSync(join(home, 'strategies'))) {
    const from = join(home, 'strategies', id)
    const number = readIdentity(from)?.journal ?? 0
    cutJournal(from, join(copy, 'strategies', id), number, pageSize, frame => {
      if (frame.is(Lifecycle) || frame.is(Progress)) return Number(frame.next) <= end
      return frame.cause === undefined || frame.cause < end
    })
  }
}

// What the library keeps to itself.
const { pointerOf } = views as unknown as { pointerOf(view: object): unknown }
interface Copier {
  copy(definition: FrameDefinition, from: unknown): number
}

const DEFINITIONS: readonly FrameDefinition[] = [...SEQUENCE_FRAMES, Order, Lifecycle, Progress] as never

/** As `cutHome`, without the strategies. */
export function cutSequence(home: string, copy: string, end: number, pageSize: number): void {
  mkdirSync(copy, { recursive: true })
  cutJournal(join(home, 'gateway'), join(copy, 'gateway'), SEQUENCE, pageSize, frame => frame.position < end)
}

function cutJournal(
  from: string,
  to: string,
  journalId: number,
  pageSize: number,
  isKept: (frame: FrameView) => boolean,
): void {
  using reader = Reader.open(from)
  const writer = Writer.open(to, { journalId, pageSize, durability: 'process' })
  writer.addInstruments(reader.instruments())
  for (const frame of reader) {
    if (!isKept(frame)) break
    const definition = DEFINITIONS.find(({ id }) => id === frame.type)
    if (definition === undefined) throw new Error(`no definition of ${JSON.stringify(frame)}`)
    const position = (writer as unknown as Copier).copy(definition, pointerOf(frame))
    if (position !== frame.position) throw new Error(`${from} is of more than one page`)
  }
  writer.close()
}
