import { randomBytes } from 'node:crypto'
import { userInfo } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { now } from '../../base/clock.js'
import { on } from '../../frames/handlers.js'
import { writerState } from '../../journal/control/writer-state.js'
import { Reader } from '../../journal/read/reader.js'
import { Writer } from '../../journal/write/writer.js'
import { retryWhileLocked } from '../../runtime/opening/retry-while-locked.js'
import { HomeDirectory, OPERATOR } from '../sequence/home.js'
import { Command, type CommandAction, CommandResult, type CommandResultValues } from '../sequence/supervision-frames.js'
import { clipText } from './clip-text.js'
import { CommandError, GatewayDownError } from './errors.js'

/** Bytes of a page of the operators' journal: people write little. */
export const OPERATOR_PAGE_SIZE = 65_536
/** How long a gateway has to take a command, in ms. */
const EXPIRY_MS = 5_000
/** How long to wait for the result of a command that was taken, in ms: a module may take its time to load. */
const RESULT_MS = 60_000
/** Between two checks whether a gateway that starts takes commands, in ms. */
const RETRY_MS = 50
/** The operators' journal within a home. */
const OPERATOR_FOLDER = 'operator'
/** How much later than its expiry a command may still be taken, by other clocks, in ms. */
const MARGIN_MS = 500

export interface CommandRequest {
  readonly action: CommandAction
  /** The strategy that it is about. */
  readonly strategy?: string
  /** The path of a module, or changes as JSON. */
  readonly detail?: string
  readonly reason?: string
  /** Who gives it. Default: the user that this process runs as. */
  readonly user?: string
  /** How long the gateway has to take it, in ms; later it does not act. Default 5,000. */
  readonly expiryMs?: number
}

/** What became of a command. */
export type CommandOutcome = CommandResultValues

/** Whether a gateway runs on the home. */
export function hasGateway(home: HomeDirectory): boolean {
  return writerState(home.sequence).held !== false
}

/**
 * Gives a command to the gateway of a home: appends it to the operators' journal, and waits for the result in the sequence.
 *
 * @throws {HomeError} when there is no home; {GatewayDownError} when no gateway runs, or it does not take the command in
 *   time: then it does not act later; {CommandError} when it is refused or fails; {WriterLockedError} when others are
 *   writing commands all the time.
 */
export async function sendCommand(directory: string, request: CommandRequest): Promise<CommandOutcome> {
  const home = HomeDirectory.openExisting(directory)
  if (!hasGateway(home))
    throw new GatewayDownError(`no gateway runs on ${home.path}; nothing was done, and nothing will be done later`, {
      path: home.path,
    })
  const { expiryMs = EXPIRY_MS } = request
  await awaitJournal(home, expiryMs)
  const reader = Reader.open(home.sequence, { from: 'end' })
  try {
    const id = await writeCommand(home, request, expiryMs)
    const outcome = await awaitResult(reader, id, expiryMs)
    if (outcome === undefined)
      throw new GatewayDownError(
        `the gateway of ${home.path} did not take the command within ${expiryMs / 1000} s; it has expired, and does not act later`,
        { path: home.path },
      )
    return outcome
  } finally {
    reader.close()
  }
}

/** As `sendCommand`; throws unless the command was done. @param explain says what a problem means for this command. */
export async function command(
  directory: string,
  request: CommandRequest,
  explain: (outcome: CommandOutcome) => string,
): Promise<CommandOutcome> {
  const outcome = await sendCommand(directory, request)
  if (outcome.state === 'done') return outcome
  throw new CommandError(explain(outcome), outcome.state, outcome.problem)
}

/**
 * The gateway of a new home makes the operators' journal, with the frame that says whose it is. A command before that would make a
 * journal that belongs to no home.
 */
async function awaitJournal(home: HomeDirectory, ms: number): Promise<void> {
  const until = performance.now() + ms
  while (home.journalAt(OPERATOR_FOLDER) === undefined) {
    if (performance.now() >= until) throw stillStarting(home)
    await sleep(RETRY_MS)
  }
}

function stillStarting({ path }: HomeDirectory): GatewayDownError {
  return new GatewayDownError(
    `the gateway of ${path} is still starting: it takes no commands yet; nothing was done, give the command again later`,
    { path },
  )
}

async function writeCommand(home: HomeDirectory, request: CommandRequest, expiryMs: number): Promise<bigint> {
  const { action, strategy = '', detail = '', reason = '', user = userInfo().username } = request
  const id = randomBytes(8).readBigUInt64LE()
  const writer = await retryWhileLocked(() =>
    Writer.open(home.operator, { pageSize: OPERATOR_PAGE_SIZE, journalId: OPERATOR, frames: [Command] }),
  )
  try {
    if (writer.position === 0) throw stillStarting(home)
    const expires = now() + BigInt(Math.round(expiryMs * 1e6))
    writer.write(Command, {
      id,
      action,
      expires,
      user: clipText(user, 32),
      reason: clipText(reason, 96),
      strategy,
      detail,
    })
  } finally {
    writer.close()
  }
  return id
}

/** The result; undefined when the command was not taken. */
async function awaitResult(reader: Reader, id: bigint, expiryMs: number): Promise<CommandOutcome | undefined> {
  const over = new AbortController()
  let outcome: CommandOutcome | undefined
  let timer = setTimeout(() => over.abort(), expiryMs + MARGIN_MS)
  const handlers = on(Command, frame => {
    if (frame.id !== id) return
    clearTimeout(timer)
    timer = setTimeout(() => over.abort(), RESULT_MS)
  }).on(CommandResult, frame => {
    if (frame.id !== id) return
    outcome = frame.toObject()
    over.abort()
  })
  try {
    await reader.run(handlers, { signal: over.signal })
    return outcome
  } finally {
    clearTimeout(timer)
  }
}
