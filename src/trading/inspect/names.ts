import type { Handlers } from '../../frames/handlers.js'
import { Instruments } from '../instruments/instruments.js'
import { specOf } from '../messages/instrument-frames.js'
import { InstrumentTerms } from '../messages/sequence-frames.js'
import { ConfigReader, type DeskConfig } from '../sequence/config.js'
import { Config, Home, StrategyStart } from '../sequence/frames.js'
import { SEQUENCE, STRATEGY_JOURNALS, VENUE_JOURNALS } from '../sequence/home.js'
import type { KnownBefore } from './known-before.js'

/** What the numbers in the frames of a sequence stand for, as the frames read so far say. */
export class Names {
  readonly instruments = new Instruments()
  /** The home's 40 random bits; 0 before its first frame. */
  home = 0n
  /** The configuration in effect. */
  config: DeskConfig | undefined = undefined
  private readonly strategies: string[] = []
  private readonly configs = new ConfigReader()

  /** Begins with what was known where the sequence's first pages end. */
  begin({ views, desk }: KnownBefore): void {
    this.home = BigInt(desk.identity.home)
    this.config = desk.config
    for (const [number, spec] of views.instruments) this.instruments.restore(number, spec)
    for (const { strategy, id } of desk.starts) this.strategies[strategy] = id
  }

  /** Adds the handlers of the frames that name things. */
  learnBy(handlers: Handlers): Handlers {
    return handlers
      .on(Home, frame => {
        this.home = frame.home
      })
      .on(InstrumentTerms, frame => {
        this.instruments.restore(frame.number, specOf(frame))
      })
      .on(StrategyStart, frame => {
        this.strategies[frame.strategy] = frame.id
      })
      .on(Config, frame => {
        this.config = this.configs.add(frame) ?? this.config
      })
  }

  /** 'BTCUSDT.sim'; '#7' when the terms of number 7 are not there; '' for 0. */
  instrument(number: number): string {
    return number === 0 ? '' : (this.instruments.get(number)?.name ?? `#${number}`)
  }

  /** Whether 'BTCUSDT' or 'BTCUSDT.sim' is this instrument. */
  isInstrument(number: number, symbol: string): boolean {
    const instrument = this.instruments.get(number)
    return instrument !== undefined && (instrument.symbol === symbol || instrument.name === symbol)
  }

  /** A strategy's id by its number. */
  strategy(number: number): string {
    return this.strategies[number] ?? `strategy ${number}`
  }

  /** The ids of all strategies. */
  get strategyIds(): string[] {
    return this.strategies.filter(id => id !== undefined)
  }

  venue(number: number): string {
    return this.config?.venues[number]?.name ?? `venue ${number}`
  }

  /** @param instrument its venue is where the account is. */
  account(instrument: number, account: number): string {
    const venue = this.instruments.get(instrument)?.venue
    return this.config?.venues.find(({ name }) => name === venue)?.accounts[account] ?? String(account)
  }

  /** A journal by its number, as a path in the home: 'gateway', 'strategies/momentum'. 0 is the feed. */
  journal(number: number): string {
    if (number === 0) return 'feed'
    if (number === SEQUENCE) return 'gateway'
    if (number > STRATEGY_JOURNALS) return `strategies/${this.strategy(number - STRATEGY_JOURNALS)}`
    return number >= VENUE_JOURNALS && this.config?.venues[number - VENUE_JOURNALS] !== undefined
      ? `venues/${this.venue(number - VENUE_JOURNALS)}`
      : `journal ${number}`
  }
}
