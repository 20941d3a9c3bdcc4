import { nap } from '../../wait/nap.js'
import { BackOff } from '../connection/back-off.js'
import { ccxtError, isNetworkError } from './ccxt-errors.js'
import type { CcxtSession } from './ccxt-session.js'

export interface AccountLinkHandlers {
  /** The account can be asked, and its socket is open where it has one. @param time the venue's, ms since 1970. */
  readonly onUp: (time: number) => void
  /** Called only after `onUp`. */
  readonly onDown: () => void
  /** Why there is no connection, for people. */
  readonly onTrouble: (why: string) => void
}

/** How long a socket may take to open, ms. */
const OPEN_MS = 10_000
/** How often an open socket is looked for, ms. */
const LOOK_MS = 10
/** After a socket has opened subscriptions need a moment, ms. Nothing depends on it: orders are asked about as well. */
const SETTLE_MS = 100
/** Questions in a row without an answer after which the connection is lost. */
const MOST_FAILURES = 3

/** The connection to an account: a private socket where the exchange has one, else the answers to questions. */
export class AccountLink {
  isUp = false
  private failures = 0
  private readonly closing = new AbortController()

  constructor(
    private readonly session: CcxtSession,
    private readonly hasStream: boolean,
    private readonly handlers: AccountLinkHandlers,
  ) {}

  /** Connects, again and again, until it is closed. */
  async run(): Promise<void> {
    const backOff = new BackOff(250, 30_000)
    const { signal } = this.closing
    while (!signal.aborted) {
      try {
        const stream = this.hasStream ? await this.openStream() : undefined
        const time = await this.session.time()
        if (signal.aborted) return
        this.up(time)
        backOff.reset()
        await (stream?.lost ?? this.untilDown())
      } catch (error) {
        if (signal.aborted) return
        this.handlers.onTrouble(ccxtError(error, this.session.credentials).message)
      }
      this.down()
      await nap(backOff.next(), signal)
    }
  }

  /** A question was answered, or not. */
  answered(error?: unknown): void {
    this.failures = error === undefined ? 0 : this.failures + 1
    if (this.failures >= MOST_FAILURES) this.end()
  }

  close(): void {
    this.closing.abort()
    this.end()
  }

  private end: () => void = () => {}

  private up(time: number): void {
    this.failures = 0
    this.isUp = true
    this.handlers.onUp(time)
  }

  private down(): void {
    if (!this.isUp) return
    this.isUp = false
    this.handlers.onDown()
  }

  private untilDown(): Promise<void> {
    return new Promise(resolve => {
      this.end = resolve
    })
  }

  /** Opens the socket. `lost` resolves when it is lost. @throws when it does not open. */
  private async openStream(): Promise<{ readonly lost: Promise<void> }> {
    const { signal } = this.closing
    const watching = new AbortController()
    let failure: unknown
    const lost = this.watch(watching.signal).catch((error: unknown) => {
      failure = error
    })
    const end = performance.now() + OPEN_MS
    while (failure === undefined && !this.hasOpenSocket() && performance.now() < end) await nap(LOOK_MS, signal)
    if (failure === undefined && !this.hasOpenSocket()) failure = new Error('the private socket did not open')
    if (failure === undefined) await nap(SETTLE_MS, signal)
    if (failure !== undefined) {
      watching.abort()
      throw failure as Error
    }
    const ended = this.untilLost(lost, () => failure).finally(() => watching.abort())
    // An object: a promise would be waited for.
    return { lost: ended }
  }

  private async untilLost(lost: Promise<void>, failure: () => unknown): Promise<void> {
    await Promise.race([lost, this.untilDown()])
    const error = failure()
    if (error === undefined || this.closing.signal.aborted) return
    this.handlers.onTrouble(`the private socket: ${ccxtError(error, this.session.credentials).message}`)
  }

  /** Keeps the subscription: what it resolves with is not used, because it is not all that was received. */
  private async watch(signal: AbortSignal): Promise<void> {
    const { exchange } = this.session
    for (;;) {
      try {
        await exchange.watchOrders()
      } catch (error) {
        // Another error is about one message, and the subscription stays.
        if (isNetworkError(error) || !this.hasOpenSocket()) throw error
        this.handlers.onTrouble(ccxtError(error, this.session.credentials).message)
        await nap(1000, signal)
      }
      if (signal.aborted) return
    }
  }

  private hasOpenSocket(): boolean {
    return Object.values(this.session.exchange.clients ?? {}).some(({ isConnected }) => isConnected)
  }
}
