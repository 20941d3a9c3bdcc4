import { FrameRecorder } from '../../frames/frame-recorder.js'
import type { FramePointer } from '../../frames/pointer.js'
import { type FrameView, pointerOf } from '../../frames/view.js'
import { Reader } from '../../journal/read/reader.js'
import { Lifecycle } from '../../runtime/consumer/lifecycle.js'
import { Order } from '../messages/order-frames.js'
import { Pair } from '../messages/pair-frames.js'
import { isStrategyFrame } from '../sequence/frames.js'
import { isSameFrame } from '../sequence/same-frame.js'
import type { StrategyOutput } from '../strategies/host.js'

/** The first difference between what a strategy did in replay and what its journal records. */
export interface ReplayDifference {
  readonly what: string
  /** Position in the sequence of the frame that was handled. */
  readonly input: number | undefined
  /** Position in the strategy's journal of the frame expected. */
  readonly position: number | undefined
  readonly recorded: object | undefined
  readonly replayed: object | undefined
}

/** Compares what a replayed strategy sends, frame by frame, with its journal. */
export class OutputComparison implements StrategyOutput {
  /** Orders and requests that were the same. */
  orders = 0
  difference: ReplayDifference | undefined = undefined
  private readonly recorder = new FrameRecorder()
  private readonly reader: Reader
  private readonly frames: Iterator<FrameView>
  /** The next frame of this run, undefined when there is none. */
  private expected: FrameView | undefined = undefined
  private atStart = false
  /** Of this run: see StrategyRun. */
  private lostFrom = Number.POSITIVE_INFINITY

  /** @param last the position of the last frame to compare with. */
  constructor(
    journal: string,
    private readonly last: number,
  ) {
    this.reader = Reader.open(journal)
    this.frames = this.reader[Symbol.iterator]()
  }

  readonly begin: StrategyOutput['begin'] = definition => this.recorder.begin(definition)

  commit(options?: Parameters<StrategyOutput['commit']>[0]): number {
    return this.recorder.commit(options)
  }

  log(): void {}

  /** Advances to the frames of the next run. @param lostFrom see StrategyRun */
  beginRun(lostFrom: number): void {
    while (!this.atStart && this.advance());
    this.atStart = false
    this.lostFrom = lostFrom
    this.advance()
  }

  /**
   * Compares what was sent for a frame.
   *
   * @param input the frame's position; undefined in `onStart` and `onStop`.
   */
  compare(input: number | undefined): void {
    const { recorder } = this
    for (let sent = recorder.peek(); sent !== undefined; sent = recorder.peek()) {
      this.compareOne(sent, () => recorder.objectOfFirst(), input)
      recorder.shift()
    }
  }

  /** Compares a frame that a program has sent, in its own journal. */
  compareFrame(frame: FrameView): void {
    this.compareOne(pointerOf(frame) as FramePointer, () => frame.toObject(), frame.cause)
  }

  private compareOne(sent: FramePointer, objectOf: () => object | undefined, input: number | undefined): void {
    if (this.difference !== undefined) return
    const { expected } = this
    // The end of its journal may be gone.
    if (expected === undefined && this.lostFrom < Number.POSITIVE_INFINITY) return
    if (expected === undefined) this.differ('sends something where nothing is recorded', objectOf(), input)
    else if (!isSameFrame(pointerOf(expected) as FramePointer, sent))
      this.differ(whatDiffers(expected, sent, objectOf()), objectOf(), input)
    else {
      if (expected.is(Order) || expected.is(Pair)) this.orders++
      this.advance()
    }
  }

  /** Called when the frames before a position were handled: nothing recorded with an earlier cause may be left. */
  expectSent(before: number, finalOutputsFrom: number): void {
    const { expected } = this
    if (this.difference !== undefined || expected === undefined || expected.position > finalOutputsFrom) return
    if (expected.cause === undefined || expected.cause < before)
      this.recordDifference('does not send what is recorded', expected.cause)
  }

  /** Records a difference without a replayed frame. */
  recordDifference(what: string, input: number | undefined): void {
    this.difference ??= {
      what,
      input,
      position: this.expected?.position,
      recorded: this.expected?.toObject(),
      replayed: undefined,
    }
  }

  close(): void {
    this.reader.close()
  }

  private differ(what: string, replayed: object | undefined, input: number | undefined): void {
    const { expected } = this
    this.difference = { what, input, position: expected?.position, recorded: expected?.toObject(), replayed }
  }

  /** Advances to the run's next frame, or to its end, or to the next start. Returns false when there are no more. */
  private advance(): boolean {
    this.expected = undefined
    if (this.atStart) return true
    for (let next = this.frames.next(); next.done !== true; next = this.frames.next()) {
      const frame = next.value
      if (frame.position > this.last) return false
      if (isStrategyFrame(frame)) {
        // What led to it is gone.
        if ((frame.cause ?? -1) >= this.lostFrom) continue
        this.expected = frame
        return true
      }
      if (!frame.is(Lifecycle)) continue
      this.atStart = frame.event === 'started'
      return true
    }
    return false
  }
}

function whatDiffers(expected: FrameView, sent: FramePointer, values: object | undefined): string {
  if (expected.type !== sent.u16[sent.at >> 1]) return 'sends another kind of frame'
  const recorded = expected.toObject() as Readonly<Record<string, unknown>>
  const replayed = (values ?? {}) as Readonly<Record<string, unknown>>
  const other = Object.keys(recorded).filter(name => !Object.is(recorded[name], replayed[name]))
  if (other.length > 0) return `sends other values: ${other.join(', ')}`
  return `sends it at another frame; what is recorded has its cause at ${expected.cause}`
}
