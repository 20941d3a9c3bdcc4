import type { IncomingMessage } from 'node:http'
import { CommandError } from '../../trading/operator/errors.js'
import { type CommandRequest, sendCommand } from '../../trading/operator/send-command.js'
import { CircuitBreaker } from '../../trading/risk/circuit-breaker.js'
import type { HomeDirectory } from '../../trading/sequence/home.js'
import { badRequest, busy, RequestError } from '../errors.js'

/** Who gives a command, on record: it came by the server. */
const USER = 'serve'

/** The commands that clients may give: their paths end so. */
export const COMMANDS = ['halt', 'cancel-all', 'cancel'] as const
export type ServedCommand = (typeof COMMANDS)[number]

/**
 * Gives a command to the desk, as `ticktape halt`, `cancel-all` and `cancel` do. One at a time: the operators' journal is opened for
 * it, and closed.
 */
export class Commands {
  private isBusy = false

  constructor(private readonly home: HomeDirectory) {}

  /** @throws {RequestError}, {GatewayDownError}, {CommandError} */
  async give(command: ServedCommand, body: string): Promise<unknown> {
    const { reason, strategy, order } = parse(command, body)
    if (this.isBusy) throw busy('another command is being given; send yours again')
    this.isBusy = true
    try {
      if (command === 'halt') return this.halt(reason)
      return await this.cancel(command, command === 'cancel' ? { detail: order } : { strategy }, reason)
    } finally {
      this.isBusy = false
    }
  }

  /** Works with no gateway at all. */
  private halt(reason: string): unknown {
    const breaker = CircuitBreaker.open(this.home.breaker)
    try {
      const isFirst = breaker.halt(reason === '' ? `halted by ${USER}` : reason)
      return { command: 'halt', halted: true, wasHalted: !isFirst }
    } finally {
      breaker.close()
    }
  }

  private async cancel(
    command: 'cancel-all' | 'cancel',
    what: Pick<CommandRequest, 'strategy' | 'detail'>,
    reason: string,
  ): Promise<unknown> {
    const action = command === 'cancel' ? 'cancel-order' : command
    const outcome = await sendCommand(this.home.path, { action, ...what, reason, user: USER })
    const { state, problem, cancels } = outcome
    if (state !== 'done')
      throw new CommandError(`the cancel was not done: ${problem === 'other' ? outcome.text : problem}`, state, problem)
    return { command, state, cancels }
  }
}

/** The body of a request. @throws {RequestError} when it is too large, or no JSON is announced. */
export async function bodyOf(request: IncomingMessage, mostBytes: number): Promise<string> {
  // A form of another site cannot announce JSON without asking first.
  if (!/^application\/json(;|$)/i.test(request.headers['content-type'] ?? ''))
    throw new RequestError(415, 'ERR_BAD_REQUEST', 'commands are JSON: send content-type: application/json')
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > mostBytes) throw new RequestError(413, 'ERR_TOO_LARGE', `a body has ${mostBytes} bytes at most`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}

/** The names of what a command's body may have. */
const PARTS: Readonly<Record<ServedCommand, readonly string[]>> = {
  halt: ['reason'],
  'cancel-all': ['reason', 'strategy'],
  cancel: ['reason', 'order'],
}

interface Body {
  readonly reason: string
  readonly strategy?: string
  /** The order's id; always of a cancel. */
  readonly order?: string
}

function parse(command: ServedCommand, body: string): Body {
  let value: unknown
  try {
    value = JSON.parse(body === '' ? '{}' : body)
  } catch {
    throw badRequest('the body is not JSON')
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw badRequest('the body is a JSON object')
  const known = PARTS[command]
  for (const [name, part] of Object.entries(value)) {
    if (!known.includes(name)) throw badRequest(`${command} has no '${name.slice(0, 40)}'; it has ${known.join(', ')}`)
    if (typeof part !== 'string' || part.length > 200) throw badRequest(`${name} is a text of 200 characters at most`)
  }
  const parts = value as Partial<Body>
  if (parts.strategy !== undefined && !/^[\x21-\x7e]{1,32}$/.test(parts.strategy))
    throw badRequest("strategy is a strategy's id")
  if (command === 'cancel' && !/^\d{1,20}$/.test(parts.order ?? ''))
    throw badRequest("order is an order's id, decimal digits in a text")
  return { reason: '', ...parts }
}
