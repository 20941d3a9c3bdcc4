import { frame, type Values } from '../../frames/definition.js'
import { ascii, enumOf, i64, text, u16, u32, u64 } from '../../frames/field.js'
import { REASONS } from '../messages/reasons.js'

/** The frames of supervision and of the operators' commands, beside those in sequence/frames. */

/** What a person may ask of a gateway. Frames store the index, so words are only appended. */
export const COMMANDS = [
  'resume',
  'flatten',
  'cancel-all',
  'limits',
  'pause-strategy',
  'resume-strategy',
  'add-strategy',
  'replace-strategy',
  'remove-strategy',
  'cancel-order',
] as const

/** What became of a command. */
export const COMMAND_STATES = ['done', 'refused', 'expired', 'failed'] as const

/** Why a command was refused or has failed. */
export const COMMAND_PROBLEMS = [
  'none',
  'expired',
  'no-such-strategy',
  'strategy-exists',
  'bad-limits',
  'bad-module',
  'unknown-command',
  'gateway-ended',
  'other',
  'no-such-order',
  'order-ended',
] as const

export type CommandAction = (typeof COMMANDS)[number]
export type CommandState = (typeof COMMAND_STATES)[number]
export type CommandProblem = (typeof COMMAND_PROBLEMS)[number]

/** A person's command. In the operators' journal, and copied. */
export const Command = frame('Command', 44, {
  /** 64 random bits, by which its result names it. */
  id: u64,
  action: enumOf(COMMANDS),
  /** It must not act when the gateway takes it after this time, ns since 1970. */
  expires: i64,
  /** Who gave it, and why. */
  user: text(32),
  reason: text(96),
  /** The strategy that it is about; '' for none. */
  strategy: ascii(32),
  /**
   * The path of a module; of 'limits' the changes as JSON: see trading/operator/limits-change; of 'cancel-order' the order's id, a decimal
   * number.
   */
  detail: text(1024),
})

/**
 * What became of a command. `cause` is its copy in the sequence. What the desk decides is an outcome, which replay decides
 * again; what happened outside of the sequence, such as the start of a process, is an input.
 */
export const CommandResult = frame('CommandResult', 45, {
  id: u64,
  action: enumOf(COMMANDS),
  state: enumOf(COMMAND_STATES),
  problem: enumOf(COMMAND_PROBLEMS),
  /** The desk decides from the sequence; the gateway says what it found or did outside of it. */
  decidedBy: enumOf('desk', 'gateway'),
  /** Why the first of its orders was denied; 'none' when none was. */
  reason: enumOf(REASONS),
  /** Orders that it sent, orders of it that were denied, cancels that it sent, positions that wait for cancels. */
  orders: u32,
  denied: u32,
  cancels: u32,
  waiting: u32,
  /** Of the gateway: what happened, for people. */
  text: text(256),
})

/** What happened to a strategy's process, as the gateway saw it. An input. */
export const StrategyEvent = frame('StrategyEvent', 46, {
  strategy: u16,
  epoch: u32,
  /** It is ready; it showed no sign of life and is killed; it was started again too often and stays down. */
  event: enumOf('ready', 'hung', 'failed'),
  /** For people. */
  text: text(64),
})

/** A strategy has been gone for longer than its limit, and its open orders are cancelled. An outcome of a Clock. */
export const DeadMan = frame(
  'DeadMan',
  47,
  {
    strategy: u16,
    /** The number of its open orders. */
    orders: u32,
  },
  { slots: 2 },
)

export type CommandValues = Values<typeof Command>
export type CommandResultValues = Values<typeof CommandResult>
