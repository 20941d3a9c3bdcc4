import { ClosedError } from '../../base/errors.js'
import { Sampler } from '../../ops/sampler.js'
import type { Sample } from '../../ops/types.js'
import { RequestError } from '../errors.js'
import type { DeskFold } from './desk-fold.js'
import { type DeskListener, LiveDesk } from './live-desk.js'
import { LiveMarket } from './live-market.js'
import { type MarketSource, marketValueJson } from './market-table.js'
import { Moments } from './moments.js'
import { profitOf } from './profit-history.js'
import { ServedDirectory } from './served-directory.js'
import { Why } from './why.js'

/** How long to wait before what failed is opened again, ms. */
const RETRY_MS = 1000
/** Between two samples at least, and how long one reads the sequence at most, ms. */
const SAMPLE_MS = 500
const SAMPLE_BUDGET_MS = 20

/**
 * Everything that a server reads: the directory, and what follows it. A journal that cannot be read now (it is damaged, or was
 * replaced by a reset) is opened again every second, and meanwhile requests about it are refused with its error.
 */
export class Served {
  readonly directory: ServedDirectory
  readonly moments: Moments<DeskMoment> | undefined
  readonly why: Why | undefined
  private live: LiveDesk | LiveMarket | undefined = undefined
  /** Why it cannot be read now. */
  private failure: unknown = new ClosedError('the server has stopped')
  private retryAt = 0
  private sampler: Sampler | undefined = undefined
  private sample: Sample | undefined = undefined
  private sampledAt = 0

  constructor(
    path: string,
    private readonly listener: DeskListener,
    private readonly onProblem: (error: unknown) => void,
  ) {
    this.directory = new ServedDirectory(path)
    const { home } = this.directory
    this.moments = home === undefined ? undefined : new Moments(home.sequence, momentOf)
    this.why = home === undefined ? undefined : new Why(home, () => this.desk.fold)
    this.open()
  }

  /** Where market data comes from. @throws the error that it has now. */
  get market(): MarketSource {
    if (this.live === undefined) throw this.failure
    return this.live
  }

  /** The desk as it is now. @throws {RequestError} for what is no home, and the error that it has now. */
  get desk(): LiveDesk {
    if (this.live === undefined) throw this.failure
    if (this.live instanceof LiveDesk) return this.live
    throw noHome(this.directory.path)
  }

  /** Whether there is a desk that can be read now. */
  get hasDesk(): boolean {
    return this.live instanceof LiveDesk
  }

  /** A sample of what is served, at most this old: a sampler's rates need some time between two samples. */
  glance(): Sample {
    const now = performance.now()
    if (this.sample === undefined || now - this.sampledAt >= SAMPLE_MS) {
      this.sampler ??= new Sampler(this.directory.path, { budgetMs: SAMPLE_BUDGET_MS })
      this.sample = this.sampler.sample()
      this.sampledAt = now
    }
    return this.sample
  }

  /** Reads on. Returns whether there is more to read now. */
  advance(): boolean {
    if (this.live === undefined) {
      if (performance.now() >= this.retryAt) this.open()
      return false
    }
    try {
      return this.live.advance()
    } catch (error) {
      this.fail(error)
      return false
    }
  }

  close(): void {
    this.closeLive()
    this.sampler?.close()
    this.sampler = undefined
  }

  private closeLive(): void {
    this.live?.close()
    this.live = undefined
  }

  private open(): void {
    const { directory } = this
    try {
      this.live =
        directory.home === undefined
          ? new LiveMarket(directory.journal(directory.mainName))
          : new LiveDesk(directory.home.sequence, this.listener)
    } catch (error) {
      this.fail(error)
    }
  }

  private fail(error: unknown): void {
    if (this.live !== undefined) this.listener.failed(error)
    this.closeLive()
    // The same error at each attempt is reported once.
    if (String(error) !== String(this.failure)) this.onProblem(error)
    this.failure = error
    this.retryAt = performance.now() + RETRY_MS
  }
}

export function noHome(path: string): RequestError {
  return new RequestError(404, 'ERR_NO_HOME', `${path} is no home of a gateway: there are frames, but no orders`)
}

/** A desk at a moment of its history. */
export type DeskMoment = ReturnType<typeof momentOf>

/** Orders that are shown of a moment at most. */
const MOST_ORDERS = 500

function momentOf(fold: DeskFold) {
  const { orders, positions, market, log, fills, clock, position } = fold
  const name = (number: number): string => orders.names.instrument(number)
  const desk = positions.linesBy('desk')
  return {
    next: position,
    time: clock,
    orders: orders.openOrders.slice(-MOST_ORDERS),
    positions: positions.lines,
    profit: profitOf(desk),
    market: market.all.map(value => marketValueJson(value, name(value.number))),
    fills: fills.slice(-50),
    log: log.entries.slice(-50),
  }
}
