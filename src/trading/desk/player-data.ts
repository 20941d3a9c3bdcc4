import type { DeskConfig } from '../sequence/config.js'
import type { CommandValues } from '../sequence/supervision-frames.js'
import type { DeskData } from './desk.js'

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

/** A command as JSON has it. */
export type SavedCommand = Omit<CommandValues, 'id' | 'expires'> & { readonly id: string; readonly expires: string }

export function saveCommand(command: CommandValues): SavedCommand {
  return { ...command, id: String(command.id), expires: String(command.expires) }
}

export function loadCommand(saved: SavedCommand): CommandValues {
  return { ...saved, id: BigInt(saved.id), expires: BigInt(saved.expires) }
}

/** The entries of a map by journal number, in the order of the numbers. */
export function inOrder(map: ReadonlyMap<number, number>): (readonly [journal: number, value: number])[] {
  return [...map].sort(([a], [b]) => a - b)
}
