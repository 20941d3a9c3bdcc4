import { randomBytes } from 'node:crypto'
import { now } from '../../base/clock.js'
import { FrameBatch } from '../../frames/frame-batch.js'
import { on } from '../../frames/handlers.js'
import { offsetsOf } from '../../frames/offsets.js'
import type { FramePointer } from '../../frames/pointer.js'
import { pointerOf } from '../../frames/view.js'
import { Reader } from '../../journal/read/reader.js'
import { clipText } from '../operator/clip-text.js'
import { OPERATOR, SEQUENCE } from '../sequence/home.js'
import {
  COMMANDS,
  Command,
  type CommandAction,
  CommandResult,
  type CommandResultValues,
  type CommandValues,
} from '../sequence/supervision-frames.js'
import type { OpenDesk } from './open-desk.js'

/** ms between two checks of the journal. A person does not notice 1 ms, and a gateway that spins does not pay for a check in each iteration. */
const CHECK_MS = 1
/** How long a command of this process may wait, in ns: it is taken at once. */
const OWN_EXPIRY_NS = 60_000_000_000n

/** A command that the desk cannot do: it is about processes. */
export interface OutsideCommand {
  readonly command: CommandValues
  /** The position of its copy in the sequence. */
  readonly position: number
}

/** The result of a command that was carried out outside of the desk. */
export type OutsideResult = Pick<CommandResultValues, 'state' | 'problem' | 'text'>

/** Takes operators' commands from their journal into the sequence. */
export class OperatorSource {
  readonly reader: Reader
  /** Called with commands that the desk cannot do. */
  onOutside: (command: OutsideCommand) => void = () => {}
  private checkedAt = 0
  private found: CommandValues | undefined = undefined
  /** A copy of the frame, byte for byte. */
  private readonly batch = new FrameBatch(Command.slots)
  private readonly handlers = on(Command, frame => {
    // The frame may be damaged, or written by a newer version: it is not a command then.
    const { u8, at } = pointerOf(frame) as FramePointer
    if (u8[at + ACTION] >= COMMANDS.length) return
    this.found = frame.toObject()
    this.batch.add(frame)
  })

  constructor(private readonly open: OpenDesk) {
    const position = open.taken.get(OPERATOR) ?? 0
    this.reader = Reader.open(open.home.operator, { from: position === 0 ? 'start' : { position } })
  }

  /** Takes one command, if there is one. Returns how many frames were read. @param wallMs performance.now() */
  take(wallMs: number): number {
    if (wallMs - this.checkedAt < CHECK_MS) return 0
    this.checkedAt = wallMs
    const { reader } = this
    const from = reader.position
    const read = reader.poll(this.handlers, 1)
    const command = this.found
    if (command === undefined) return read
    this.found = undefined
    this.enter(command, from, reader.position, this.batch.select(0))
    this.batch.clear()
    return read
  }

  /** Gives a command of this process. Returns the position of its copy in the sequence. */
  give(action: CommandAction, strategy: string, reason: string): number {
    const { position } = this.reader
    const command: CommandValues = {
      id: randomBytes(8).readBigUInt64LE(),
      action,
      expires: now() + OWN_EXPIRY_NS,
      user: 'gateway',
      reason: clipText(reason, REASON_BYTES),
      strategy,
      detail: '',
    }
    return this.enter(command, position, position)
  }

  /** Records what the gateway did about a command. */
  answer({ command, position }: OutsideCommand, result: OutsideResult): void {
    this.open.sequence.writer.write(CommandResult, resultOf(command, result), {
      cause: { journal: SEQUENCE, position },
    })
  }

  close(): void {
    this.reader.close()
  }

  private enter(command: CommandValues, from: number, to: number, copy?: FramePointer): number {
    const { sequence, desk } = this.open
    const time = sequence.time.now()
    sequence.begin(OPERATOR, from, to, time, Command.slots)
    const { writer } = sequence
    const position = copy === undefined ? writer.write(Command, command) : writer.copy(Command, copy)
    desk.tick(time)
    const isOutside = desk.command(command, position)
    sequence.end()
    desk.send()
    if (isOutside) this.onOutside({ command, position })
    else if (command.action === 'limits') this.open.writeLimits()
    return position
  }
}

/** A CommandResult of the gateway. */
export function resultOf(command: CommandValues, { state, problem, text }: OutsideResult): CommandResultValues {
  return {
    id: command.id,
    action: command.action,
    state,
    problem,
    decidedBy: 'gateway',
    reason: 'none',
    orders: 0,
    denied: 0,
    cancels: 0,
    waiting: 0,
    text: clipText(text, TEXT_BYTES),
  }
}

const ACTION = offsetsOf(Command).action
/** Bytes of the fields. */
const TEXT_BYTES = 256
const REASON_BYTES = 96
