import type { Instrument } from '../instruments/instrument.js'
import type { Instruments } from '../instruments/instruments.js'
import type { DeskConfig } from '../sequence/config.js'
import type { HomeIdentity } from '../sequence/home.js'
import type { CommandValues } from '../sequence/supervision-frames.js'
import type { DeskData } from './desk-data.js'

/** A strategy that the sequence knows. */
export interface KnownStrategy {
  readonly id: string
  readonly number: number
  /** Of its last start. */
  epoch: number
  /** Whether that epoch has ended. */
  ended: boolean
}

/** The last start of a strategy, as the sequence has it. */
export interface LastStart {
  readonly strategy: number
  readonly epoch: number
  readonly seed: number
  readonly id: string
  readonly code: string
  readonly file: string
  readonly wantsTicker: boolean
}

/** Everything that is known at a position of a sequence, as plain data. */
export interface PlayerData {
  readonly version: typeof PLAYER_DATA_VERSION
  readonly position: number
  /** As text: JSON has no bigint. */
  readonly identity: { readonly home: string; readonly generation: number; readonly origin: string }
  readonly run: number
  readonly taken: readonly (readonly [journal: number, to: number])[]
  readonly takenAt: readonly (readonly [journal: number, at: number])[]
  readonly lastTaken: LastTaken
  readonly lastCauses: readonly (readonly [journal: number, cause: number])[]
  readonly bootedAt: number
  /** Null without one. */
  readonly loss: { readonly end: number; readonly last: number } | null
  readonly feed: { readonly identity: string; readonly next: number; readonly known: boolean }
  readonly strategies: readonly KnownStrategy[]
  readonly starts: readonly LastStart[]
  /** Undefined when there are none. */
  readonly commanded?: readonly (readonly [id: string, file: string | null])[]
  readonly config: DeskConfig | undefined
  /** Commands that a gateway has taken and not carried out yet. */
  readonly unfinished: readonly { readonly position: number; readonly command: SavedCommand }[]
  /** The numbers of the instruments that had market events. */
  readonly seen: readonly number[]
  readonly events: number
  readonly desk: DeskData
}

/** Saved data of another version is not loaded. Increase this when the saved state changes. */
export const PLAYER_DATA_VERSION = 2

/** What was taken last. A power loss in the middle of it leaves only some of the copies. */
export interface LastTaken {
  journal: number
  from: number
  to: number
  /** Copies in the sequence, of those that change decisions. */
  copies: number
}

/** What a player knows of a sequence beside the desk's own state. The fields are explained in `Facts`. */
export interface PlayedFacts {
  position: number
  run: number
  readonly taken: Map<number, number>
  readonly takenAt: Map<number, number>
  readonly lastTaken: LastTaken
  readonly lastCauses: Map<number, number>
  bootedAt: number
  loss: { readonly end: number; readonly last: number } | undefined
  readonly feed: { identity: string; next: number; known: boolean }
  readonly strategies: Map<string, KnownStrategy>
  readonly starts: Map<number, LastStart>
  readonly commanded: Map<string, string | undefined>
  config: DeskConfig | undefined
  readonly unfinished: Map<bigint, { readonly position: number; readonly command: CommandValues }>
  readonly seen: Set<Instrument>
  events: number
}

export function saveFacts(facts: PlayedFacts, identity: HomeIdentity, desk: DeskData): PlayerData {
  const { home, generation, origin } = identity
  return {
    version: PLAYER_DATA_VERSION,
    position: facts.position,
    identity: { home: String(home), generation, origin: String(origin) },
    run: facts.run,
    taken: inOrder(facts.taken),
    takenAt: inOrder(facts.takenAt),
    lastTaken: { ...facts.lastTaken },
    lastCauses: inOrder(facts.lastCauses),
    bootedAt: facts.bootedAt,
    loss: facts.loss ?? null,
    feed: { ...facts.feed },
    strategies: [...facts.strategies.values()].map(strategy => ({ ...strategy })),
    starts: [...facts.starts.values()],
    ...(facts.commanded.size === 0 ? {} : { commanded: [...facts.commanded].map(([id, file]) => [id, file ?? null]) }),
    config: facts.config,
    unfinished: [...facts.unfinished.values()].map(({ position, command }) => ({
      position,
      command: saveCommand(command),
    })),
    seen: [...facts.seen].map(({ number }) => number).sort((a, b) => a - b),
    events: facts.events,
    desk,
  }
}

/** Restores all facts but the configuration, which is in effect already. @param instruments those of the data's desk. */
export function loadFacts(facts: PlayedFacts, data: PlayerData, instruments: Instruments): void {
  facts.position = data.position
  facts.run = data.run
  for (const [journal, to] of data.taken) facts.taken.set(journal, to)
  for (const [journal, at] of data.takenAt) facts.takenAt.set(journal, at)
  for (const [journal, cause] of data.lastCauses) facts.lastCauses.set(journal, cause)
  Object.assign(facts.lastTaken, data.lastTaken)
  facts.bootedAt = data.bootedAt
  facts.loss = data.loss ?? undefined
  for (const { position, command } of data.unfinished) {
    const loaded = loadCommand(command)
    facts.unfinished.set(loaded.id, { position, command: loaded })
  }
  Object.assign(facts.feed, data.feed)
  for (const strategy of data.strategies) facts.strategies.set(strategy.id, { ...strategy })
  for (const start of data.starts) facts.starts.set(start.strategy, start)
  for (const [id, file] of data.commanded ?? []) facts.commanded.set(id, file ?? undefined)
  for (const number of data.seen) facts.seen.add(instruments.get(number) as Instrument)
  facts.events = data.events
}

/** A command as JSON has it. */
type SavedCommand = Omit<CommandValues, 'id' | 'expires'> & { readonly id: string; readonly expires: string }

function saveCommand(command: CommandValues): SavedCommand {
  return { ...command, id: String(command.id), expires: String(command.expires) }
}

function loadCommand(saved: SavedCommand): CommandValues {
  return { ...saved, id: BigInt(saved.id), expires: BigInt(saved.expires) }
}

/** The entries of a map by journal number, in the order of the numbers. */
function inOrder(map: ReadonlyMap<number, number>): (readonly [journal: number, value: number])[] {
  return [...map].sort(([a], [b]) => a - b)
}
