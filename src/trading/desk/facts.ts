import type { Instrument } from '../instruments/instrument.js'
import type { DeskConfig } from '../sequence/config.js'
import type { HomeIdentity } from '../sequence/home.js'
import type { CommandValues } from '../sequence/supervision-frames.js'
import type { KnownStrategy, LastStart, LastTaken, PlayedFacts } from './player-data.js'

/** What a sequence says beside the state of the desk, as far as it was played. */
export class Facts implements PlayedFacts {
  identity: HomeIdentity | undefined = undefined
  /** The number of the last run. */
  run = 0
  /** By journal number: up to where it was taken. */
  readonly taken = new Map<number, number>()
  /** By journal number: when it was last taken, ns since the home's origin. */
  readonly takenAt = new Map<number, number>()
  readonly lastTaken: LastTaken = { journal: -1, from: 0, to: 0, copies: 0 }
  /** By journal number of a strategy: the cause of what was taken last. */
  readonly lastCauses = new Map<number, number>()
  /** Position of the last Run or of the last power loss: everything after it was written in one boot. -1 without. */
  bootedAt = -1
  /** The last power loss: the sequence's end after it, and the position of its last Lost frame. */
  loss: { readonly end: number; readonly last: number } | undefined = undefined
  /** The feed, and the number of its next event. */
  readonly feed = { identity: '', next: 0, known: false }
  readonly strategies = new Map<string, KnownStrategy>()
  /** By the strategy's number. */
  readonly starts = new Map<number, LastStart>()
  /** Strategies that were added, replaced or removed by command in the last run, by id: the file, undefined for a removed one. */
  readonly commanded = new Map<string, string | undefined>()
  config: DeskConfig | undefined = undefined
  /** Commands that a gateway has taken to do, and of which it has not said what became: by id, with the position of the copy. */
  readonly unfinished = new Map<bigint, { readonly position: number; readonly command: CommandValues }>()
  /** Instruments that had market events. */
  readonly seen = new Set<Instrument>()
  /** Market events played. */
  events = 0
  /** Of the frame that is played next. */
  position = 0
  /** The number of the last snapshot that is complete, its bytes, and where it is true; 0 before the first. */
  readonly snapshot = { number: 0, size: 0, at: 0 }

  /** The epoch of a strategy ends. */
  endStrategy(number: number): void {
    for (const known of this.strategies.values()) if (known.number === number) known.ended = true
  }

  /** The gateway has carried out, or given up, a command. @param isDone whether it did what was asked. */
  finish(id: bigint, isDone: boolean): void {
    const found = this.unfinished.get(id)
    this.unfinished.delete(id)
    if (found === undefined || !isDone) return
    const { action, strategy, detail } = found.command
    this.commanded.set(strategy, action === 'remove-strategy' ? undefined : detail)
  }
}
