import { type Handlers, on } from '../../frames/handlers.js'
import type { FrameView } from '../../frames/view.js'
import type { Names } from '../../trading/inspect/names.js'
import { frameInWords } from '../../trading/inspect/words.js'
import { Lost, PositionDifference, Run, StrategyEnd, StrategyStart, Switch } from '../../trading/sequence/frames.js'
import { Command, CommandResult, DeadMan, StrategyEvent } from '../../trading/sequence/supervision-frames.js'

/** Something that happened to the desk: a command, a start, an end, a halt. */
export interface LogEntry {
  readonly position: number
  /** ns since 1970. */
  readonly time: bigint
  /** The name of the frame. */
  readonly type: string
  readonly text: string
  /** The strategy that it is about; '' for none. */
  readonly strategy: string
}

/** How many entries are kept, the last ones. */
const MOST = 1000

/** The commands and restarts of a desk, from its sequence. */
export class DeskLog {
  readonly handlers: Handlers
  readonly entries: LogEntry[] = []

  constructor(private readonly names: Names) {
    const inWords = (frame: FrameView): void => this.add(frame, frameInWords(frame, this.names))
    this.handlers = on(Run, inWords)
      .on(StrategyStart, frame => this.add(frame, inWordsOf(frame, names), frame.id))
      .on(StrategyEnd, frame => this.add(frame, inWordsOf(frame, names), names.strategy(frame.strategy)))
      .on(Switch, inWords)
      .on(PositionDifference, inWords)
      .on(StrategyEvent, frame => {
        const id = names.strategy(frame.strategy)
        this.add(frame, `${id}, epoch ${frame.epoch}, is ${frame.event}${textAfter(frame.text)}`, id)
      })
      .on(Command, frame => {
        const target = frame.strategy === '' ? '' : ` ${frame.strategy}`
        this.add(frame, `${frame.user} commands ${frame.action}${target}${textAfter(frame.reason)}`, frame.strategy)
      })
      .on(CommandResult, frame => {
        const why = frame.problem === 'none' ? '' : ` (${frame.problem})`
        this.add(frame, `${frame.action} is ${frame.state}${why}${textAfter(frame.text)}`)
      })
      .on(DeadMan, frame => {
        const id = names.strategy(frame.strategy)
        this.add(frame, `${id} was gone for too long: its ${frame.orders} open orders are cancelled`, id)
      })
      .on(Lost, frame => this.add(frame, `power was lost: journal ${frame.journal} is taken from ${frame.taken} on`))
  }

  private add(frame: FrameView, text: string, strategy = ''): void {
    const { position, time, definition } = frame
    this.entries.push({ position, time, type: definition.name, text, strategy })
    if (this.entries.length > 2 * MOST) this.entries.splice(0, MOST)
  }
}

function inWordsOf(frame: unknown, names: Names): string {
  return frameInWords(frame as FrameView, names)
}

/** ': the text', or nothing. */
function textAfter(text: string): string {
  return text === '' ? '' : `: ${text}`
}
