/** Gateways in the test's own process, with strategies as text and feeds in memory; and what their journals hold. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type FrameDefinition, Reader } from 'ticktape'
import { type Feed, Gateway, type GatewayOptions, type MarketEvent } from 'ticktape/runtime'
import { Fill, type FillValues, Order, OrderReport, type OrderReportValues, type OrderValues } from 'ticktape/trading'
import { makeFolder } from './folders.ts'

const RUNTIME = pathToFileURL(join(import.meta.dirname, '../../dist/public/runtime.js')).href

/** The numbers of journals: of the sequence, and what is added to the number of a strategy. */
export const SEQUENCE = 1
export const STRATEGY_JOURNALS = 4096

/** A strategy's module. */
export function moduleOf(body: string, name = 'strategy.mjs', folder = makeFolder()): string {
  const file = join(folder, name)
  writeFileSync(file, `import { defineStrategy } from '${RUNTIME}'\n${body}`)
  return file
}

export function newHome(): string {
  return join(makeFolder('memory'), 'home')
}

/** What all gateways of tests have in common: small pages, no waiting. */
export const QUICK = {
  speed: 'max',
  pageSize: 65536,
  strategyPageSize: 65536,
  durability: 'process',
  backOffMs: 10,
  progressMs: 20,
} as const satisfies Partial<GatewayOptions>

/** Plays the feed to its end and stops. Returns whether each strategy stopped by itself. */
export async function playToEnd(options: GatewayOptions): Promise<boolean> {
  const gateway = await Gateway.start({ ...QUICK, ...options })
  try {
    await gateway.fed
    await settled(gateway)
  } finally {
    await gateway.stop().catch(() => {})
  }
  return gateway.stop()
}

/**
 * Until every strategy has handled all that was written, nothing new came of it, and no order waits for an answer of a
 * venue: what is asked of the journals afterwards does not depend on the machine's speed.
 */
export async function settled(gateway: Gateway): Promise<void> {
  const end = Date.now() + 60_000
  let quiet = 0
  let before = -1
  while (quiet < 3) {
    await new Promise(resolve => setTimeout(resolve, 25))
    const { position, strategies } = gateway.status
    if (Date.now() > end) throw new Error(`the desk is not quiet after a minute: ${JSON.stringify(gateway.status)}`)
    const isRead = strategies.every(({ progress }) => (progress?.position ?? 0) >= position)
    quiet = isRead && position === before ? quiet + 1 : 0
    before = position
  }
}

/** Waits for a condition, looking every few ms. */
export async function until(condition: () => boolean, what = 'the condition', ms = 20_000): Promise<void> {
  const end = Date.now() + ms
  while (!condition()) {
    if (Date.now() > end) throw new Error(`${what}: not within ${ms} ms`)
    await new Promise(resolve => setTimeout(resolve, 5))
  }
}

/** A feed of these events, always the same. */
export function feedOf(events: readonly MarketEvent[], identity = 'a test'): Feed {
  return {
    identity,
    async *events(skip) {
      if (skip < events.length) yield events.slice(skip)
    },
  }
}

/** A feed to which the test adds events while the gateway runs. It ends with the gateway, or by `end`. */
export class PushedFeed implements Feed {
  readonly identity = 'pushed'
  private readonly all: MarketEvent[] = []
  private ended = false
  private wake: () => void = () => {}

  push(...events: readonly MarketEvent[]): void {
    this.all.push(...events)
    this.wake()
  }

  end(): void {
    this.ended = true
    this.wake()
  }

  async *events(
    skip: number,
    options?: { readonly signal: AbortSignal },
  ): AsyncGenerator<readonly MarketEvent[], void, undefined> {
    let next = skip
    const signal = options?.signal
    signal?.addEventListener('abort', () => this.wake())
    while (signal?.aborted !== true) {
      if (next < this.all.length) {
        const batch = this.all.slice(next)
        next += batch.length
        yield batch
      } else if (this.ended) return
      else await new Promise<void>(resolve => (this.wake = resolve))
    }
  }
}

export function quote(symbol: string, bid: number, ask: number, size = 10, timeMs = 0): MarketEvent {
  return { kind: 'quote', timeMs, symbol, bid, ask, bidSize: size, askSize: size }
}

export function trade(
  symbol: string,
  price: number,
  id: number,
  side: 'buy' | 'sell' = 'buy',
  timeMs = 0,
): MarketEvent {
  return { kind: 'trade', timeMs, symbol, price, quantity: 1, tradeId: BigInt(id), side }
}

/** A frame's values, and what its header says. */
export interface Header {
  readonly position: number
  readonly time: bigint
  readonly symbol: string
  readonly cause: number | undefined
  readonly causeJournal: number | undefined
  readonly source: number | undefined
  readonly dest: number | undefined
}

/** All frames of one kind in a journal, in order. */
export function framesOf<T = Record<string, unknown>>(journal: string, definition: unknown): (T & Header)[] {
  const frames: (T & Header)[] = []
  using reader = Reader.open(journal)
  for (const frame of reader) {
    if (!frame.is(definition as FrameDefinition)) continue
    const { position, time, cause, causeJournal, source, dest } = frame
    const { symbol = '' } = frame as { symbol?: string }
    frames.push({ ...frame.toObject(), position, time, symbol, cause, causeJournal, source, dest } as unknown as T &
      Header)
  }
  return frames
}

/** What a strategy asked for. */
export function ordersOf(home: string, id = 'a'): (OrderValues & Header)[] {
  return framesOf(join(home, 'strategies', id), Order)
}

export function sequenceOf<T = Record<string, unknown>>(home: string, definition: unknown): (T & Header)[] {
  return framesOf<T>(join(home, 'gateway'), definition)
}

export function reportsOf(home: string): (OrderReportValues & Header)[] {
  return sequenceOf(home, OrderReport)
}

export function fillsOf(home: string): (FillValues & Header)[] {
  return sequenceOf(home, Fill)
}

/** What handlers told of themselves with `context.order({ ..., clientOrderId })`: the labels, in order. */
export function notesOf(home: string, id = 'a'): string[] {
  return ordersOf(home, id)
    .filter(order => order.action === 'new')
    .map(order => order.clientOrderId)
}
