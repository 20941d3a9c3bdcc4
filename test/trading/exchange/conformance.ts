/** Reads the files of the folder conformance: their cases as lists of steps, and one exchange that does them. */
import * as fs from 'node:fs'
import { join } from 'node:path'
import { Instrument, type InstrumentSpec, SimulatedExchange, VenueEvent } from 'ticktape/trading'
import { REASONS } from '../../../dist/trading/messages/reasons.js'

export interface Step {
  /** Where it is written: file and line. */
  readonly where: string
  readonly text: string
  /** What follows it: events, then states. */
  readonly events: string[]
  readonly states: { readonly where: string; readonly text: string }[]
}

export interface Case {
  readonly name: string
  readonly where: string
  readonly options: Record<string, unknown>
  readonly steps: Step[]
}

export interface Conformance {
  readonly instruments: Map<string, InstrumentSpec>
  readonly cases: Case[]
}

/** README.txt comes first: it has the instruments. */
export function readConformance(folder: string): Conformance {
  const conformance: Conformance = { instruments: new Map(), cases: [] }
  for (const file of fs.readdirSync(folder).sort())
    readFile(conformance, file, fs.readFileSync(join(folder, file), 'utf8'))
  return conformance
}

function readFile({ instruments, cases }: Conformance, file: string, text: string): void {
  for (const [index, raw] of text.split('\n').entries()) {
    const where = `${file}:${index + 1}`
    const content = raw.trim()
    if (content === '' || content.startsWith('#')) continue
    const [word, ...rest] = content.split(/\s+/)
    const what = rest.join(' ')
    const current = cases.at(-1)
    if (word === 'instrument') {
      const [symbol] = rest
      const terms = JSON.parse(what.slice(symbol.length)) as Omit<InstrumentSpec, 'venue' | 'symbol'>
      instruments.set(symbol, { venue: 'sim', symbol, ...terms })
    } else if (word === '==') cases.push({ name: what, where, options: {}, steps: [] })
    else if (current === undefined) throw new Error(`${where}: before the first case`)
    else if (word === 'with') current.options[rest[0]] = JSON.parse(what.slice(rest[0].length))
    else if (word === 'use' || word === '>') {
      current.steps.push({ where, text: word === 'use' ? content : what, events: [], states: [] })
    } else if (word === '<') current.steps.at(-1)?.events.push(what)
    else if (word === '=') current.steps.at(-1)?.states.push({ where, text: what })
    else throw new Error(`${where}: what is '${word}'?`)
  }
}

const TYPES = { limit: 0, market: 1, stop: 2, stopLimit: 3 }

/** One exchange, to which the steps of a case are given as text. */
export class Player {
  readonly exchange: SimulatedExchange
  private readonly instruments: Map<string, Instrument>
  private instrument: Instrument
  private now = 0
  private readonly requests = new Map<string, number>()
  private events: string[] = []

  constructor({ instruments }: Conformance, options: Record<string, unknown>) {
    const specs = [...instruments.values()]
    this.instruments = new Map(specs.map((spec, i) => [spec.symbol, new Instrument(i + 1, spec)]))
    this.instrument = this.instruments.get(specs[0].symbol) as Instrument
    this.exchange = new SimulatedExchange({
      instruments: specs,
      accounts: ['a', 'b', 'c', 'd'],
      ...options,
    })
    this.exchange.start(event => {
      if (event.kind !== 'connected' || this.now > 0) this.events.push(this.shown(event))
    })
  }

  /** Does a step, and answers the events that came. */
  do(text: string): string[] {
    this.events = []
    const words = text.split(/\s+/)
    const { exchange, instrument, now } = this
    const [word] = words
    const price = (value: string): number => instrument.price.unitsOf(Number(value))
    const quantity = (value: string): number => instrument.quantity.unitsOf(Number(value))
    if (word === 'use') this.instrument = this.found(words[1])
    else if (word === 'time') {
      this.now = Number(words[1])
      exchange.advance(this.now)
    } else if (word === 'cancel') exchange.cancel(1, Number(words[1]), this.nextRequest(words[1]), now)
    else if (word === 'amend')
      exchange.amend(1, Number(words[1]), this.nextRequest(words[1]), price(words[4] ?? '0'), quantity(words[2]), now)
    else if (word === 'query') exchange.query(1, Number(words[1]), 0, instrument.number, now)
    else if (word === 'reconcile') exchange.reconcile(exchange.accounts.indexOf(words[1]), now)
    else if (word === 'quote') {
      const [bidSize, bid] = words[1].split('x')
      const [ask, askSize] = words[2].split('x')
      exchange.quote(instrument, price(bid), quantity(bidSize), price(ask), quantity(askSize), now)
    } else if (word === 'trade')
      exchange.trade(instrument, words[1] === 'buy' ? 0 : 1, price(words[4]), quantity(words[2]), now)
    else if (word === 'mark') exchange.markPrice(instrument, price(words[1]), now)
    else if (word === 'fund') exchange.fund(instrument, words[1], now)
    else if (word === 'settle') exchange.settle(instrument, price(words[1]), now, { final: words[2] === 'final' })
    else this.submit(words)
    return this.events
  }

  /** What is so, as the line that asks for it says it. */
  state(text: string): string {
    const words = text.split(/\s+/)
    const { exchange, instrument } = this
    const [who, what] = words
    if (who === 'bids' || who === 'asks') {
      const levels = exchange.book(instrument)[who]
      const shown = levels.map(
        ({ ticks, orders }) => `${instrument.price.valueOf(ticks)}:${orders.map(one => one.idLow).join(',')}`,
      )
      return [who, ...shown].join(' ')
    }
    if (who === 'ahead') {
      const { bids, asks } = exchange.book(instrument)
      const order = [...bids, ...asks].flatMap(({ orders }) => orders).find(({ idLow }) => idLow === Number(what))
      const ahead = order?.ahead ?? Number.NaN
      return `ahead ${what} ${ahead === Number.POSITIVE_INFINITY ? '?' : instrument.quantity.valueOf(ahead)}`
    }
    if (who === 'house') return `house ${what} ${exchange.sums().house[what] ?? '0'}`
    const account = exchange.account(exchange.accounts.indexOf(who))
    if (what === 'position') {
      const position = account.positions.find(one => one.instrument === instrument.number)?.position ?? 0
      return `${who} position ${instrument.quantity.valueOf(position)}`
    }
    if (what === 'reserved') return `${who} reserved ${words[2]} ${account.reserved[words[2]] ?? '0'}`
    return `${who} ${what} ${account.balances[what] ?? '0'}`
  }

  private submit(words: readonly string[]): void {
    const [id, account, side, size] = words
    const { instrument } = this
    const after = (word: string): string => words[words.indexOf(word) + 1]
    const price = (word: string): number => (words.includes(word) ? instrument.price.unitsOf(Number(after(word))) : 0)
    const gtd = words.find(word => word.startsWith('gtd='))
    const deadline = words.find(word => word.startsWith('deadline='))
    const type = words.includes('market')
      ? TYPES.market
      : !words.includes('stop')
        ? TYPES.limit
        : words.includes('at')
          ? TYPES.stopLimit
          : TYPES.stop
    this.exchange.submit(
      {
        idHigh: 1,
        idLow: Number(id),
        instrument,
        account: this.exchange.accounts.indexOf(account),
        side: side === 'buy' ? 0 : 1,
        type,
        timeInForce: words.includes('ioc') ? 1 : words.includes('fok') ? 2 : gtd === undefined ? 0 : 3,
        ticks: price('at'),
        steps: instrument.quantity.unitsOf(Number(size)),
        stopTicks: price('stop'),
        expireAt: Number(gtd?.slice('gtd='.length) ?? 0),
        postOnly: words.includes('post-only'),
        reduceOnly: words.includes('reduce-only'),
        deadline: Number(deadline?.slice('deadline='.length) ?? 0),
      },
      this.now,
    )
  }

  private nextRequest(id: string): number {
    const request = (this.requests.get(id) ?? 0) + 1
    this.requests.set(id, request)
    return request
  }

  private found(symbol: string): Instrument {
    const instrument = this.instruments.get(symbol)
    if (instrument === undefined) throw new Error(`no instrument ${symbol}`)
    return instrument
  }

  private shown(event: VenueEvent): string {
    const { kind } = event
    const instrument = [...this.instruments.values()].find(({ number }) => number === event.instrument)
    const price = instrument?.price.valueOf(event.ticks) ?? 0
    const quantity = (steps: number): number => instrument?.quantity.valueOf(steps) ?? 0
    const id = event.idHigh === 1 ? `${event.idLow}` : `L${event.idLow}`
    const reason = event.reason === 0 ? '' : ` ${REASONS[event.reason]}`
    const account = this.exchange.accounts[event.account]
    if (kind === 'fill') {
      const fee = event.fee === 0 ? '' : ` fee ${event.fee} ${event.feeCurrency}`
      return `${id} fill ${quantity(event.steps)} at ${price} ${event.maker ? 'maker' : 'taker'}${fee}`
    }
    if (kind === 'amended') return `${id} amended ${quantity(event.steps)} at ${price}`
    if (kind === 'open') return `${id} open ${quantity(event.steps)} at ${price} filled ${quantity(event.filledSteps)}`
    if (kind === 'cancelled' || kind === 'expired')
      return `${id} ${kind} filled ${quantity(event.filledSteps)}${kind === 'expired' ? '' : reason}`
    if (kind === 'balance') return `${account} balance ${event.fee} ${event.feeCurrency}`
    if (kind === 'position') return `${account} position ${quantity(event.steps)} ${instrument?.symbol}`
    if (kind === 'connected' || kind === 'disconnected' || kind === 'reconciled') return `${account} ${kind}`
    return `${id} ${kind}${reason}`
  }
}
