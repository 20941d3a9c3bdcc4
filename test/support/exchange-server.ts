/** An exchange behind a socket: what comes to it, and what it says, may be lost with a connection; it stays. */
import { rmSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import type { VenueEvent } from 'ticktape/trading'
import { Instrument, type InstrumentSpec, SimulatedExchange, type SimulatedExchangeOptions } from 'ticktape/trading'
import { onTestFinished } from 'vitest'

/** Fills that a new connection gets again. */
const OVERLAP = 20_000

type Message = [kind: string, now: number, ...rest: never[]]

export class ExchangeServer {
  readonly exchange: SimulatedExchange
  /** The process that is connected; undefined while none is. */
  pid: number | undefined = undefined
  /** Submits, amends and cancels that came. */
  requests = 0
  private readonly server: Server
  private socket: Socket | undefined = undefined
  private waiting = ''
  /** What the exchange's clock is ahead of the monotonic one; unknown until the first message. */
  private offset: number | undefined = undefined
  private readonly instruments = new Map<number, Instrument>()
  private readonly specs: ReadonlyMap<string, InstrumentSpec>
  private readonly timer: NodeJS.Timeout

  static async listen(path: string, options: SimulatedExchangeOptions): Promise<ExchangeServer> {
    const server = new ExchangeServer(options)
    rmSync(path, { force: true })
    await new Promise<void>(resolve => server.server.listen(path, resolve))
    onTestFinished(() => server.close())
    return server
  }

  private constructor(options: SimulatedExchangeOptions) {
    this.exchange = new SimulatedExchange(options)
    this.specs = new Map((options.instruments ?? []).map(spec => [spec.symbol, spec]))
    this.exchange.start(event => this.say(event))
    this.server = createServer(socket => this.connected(socket))
    this.timer = setInterval(() => {
      if (this.offset !== undefined && this.exchange.nextAt <= this.now) this.exchange.advance(this.now)
    }, 1)
  }

  close(): void {
    clearInterval(this.timer)
    this.socket?.destroy()
    this.server.close()
    this.exchange.close()
  }

  private get now(): number {
    return Math.round(performance.now() * 1e6) + (this.offset ?? 0)
  }

  private connected(socket: Socket): void {
    this.socket?.destroy()
    this.socket = socket
    // What the last connection did not get is lost.
    this.waiting = ''
    socket.setEncoding('utf8')
    let rest = ''
    socket.on('data', (text: string) => {
      const lines = (rest + text).split('\n')
      rest = lines.pop() as string
      for (const line of lines) this.hear(JSON.parse(line) as Message)
    })
    socket.on('error', () => {})
    socket.on('close', () => {
      if (this.socket !== socket) return
      this.socket = undefined
      this.pid = undefined
    })
  }

  private hear([kind, now, ...rest]: Message): void {
    if (kind === 'hello') {
      this.pid = now
      this.overlap()
      return this.write(['connected', ...Array.from({ length: 14 }, () => null), this.now])
    }
    this.offset ??= now - Math.round(performance.now() * 1e6)
    const { exchange } = this
    if (kind === 'submit' || kind === 'amend' || kind === 'cancel') this.requests++
    if (kind === 'submit') {
      const [number, symbol, terms] = rest
      exchange.submit({ ...(terms as object), instrument: this.instrument(number, symbol) } as never, now)
    } else if (kind === 'quote' || kind === 'trade') {
      const [number, symbol, ...values] = rest
      const act = exchange[kind].bind(exchange) as (...all: unknown[]) => void
      act(this.instrument(number, symbol), ...values, now)
    } else if (kind === 'reconcile') exchange.reconcile(rest[0], now)
    else {
      const act = exchange[kind as 'amend' | 'cancel' | 'query'].bind(exchange) as (...all: unknown[]) => void
      act(...rest)
    }
  }

  /** As venues' pages of fills overlap what was heard before: what was said last may not have arrived. */
  private overlap(): void {
    const { accounts } = (this.exchange as unknown as { state: { accounts: { reconciledFill: number }[] } }).state
    for (const account of accounts) account.reconciledFill = Math.max(0, account.reconciledFill - OVERLAP)
  }

  private instrument(number: number, symbol: string): Instrument {
    let known = this.instruments.get(number)
    if (known === undefined) {
      known = new Instrument(number, this.specs.get(symbol) as InstrumentSpec)
      this.instruments.set(number, known)
    }
    return known
  }

  private say(event: VenueEvent): void {
    const { kind, idHigh, idLow, request, instrument, account, side, ticks, steps, filledSteps, maker } = event
    const { fee, feeCurrency, tradeId, venueOrderId, venueTime, reason } = event
    const facts = [kind, idHigh, idLow, request, instrument, account, side, ticks, steps, filledSteps, maker]
    this.write([...facts, fee, feeCurrency, tradeId, venueOrderId, venueTime, reason])
  }

  private write(values: readonly unknown[]): void {
    if (this.socket === undefined) return
    if (this.waiting === '')
      setImmediate(() => {
        this.socket?.write(this.waiting)
        this.waiting = ''
      })
    this.waiting += `${JSON.stringify(values)}\n`
  }
}
