import type { FrameView } from '../../frames/view.js'
import { Reader } from '../../journal/read/reader.js'
import { Lifecycle, Progress } from '../../runtime/consumer/lifecycle.js'
import { Order } from '../messages/order-frames.js'
import { Pair } from '../messages/pair-frames.js'
import { Lost, TimerRequest } from '../sequence/frames.js'

/** What a strategy sent: an order, a cancel, an amend or the request of a timer. */
export interface RecordedOutput {
  readonly kind: 'output'
  readonly isOrder: boolean
  readonly position: number
  /** Position of its cause in the sequence; undefined when it has no cause. */
  readonly cause: number | undefined
}

/** The start, stop or failure of a strategy. */
export interface RecordedEvent {
  readonly kind: 'started' | 'stopped' | 'failed'
  readonly position: number
  /** Position in the sequence of the next frame to handle. */
  readonly next: number
  /** Frames handled since the start. */
  readonly read: number
  readonly run: number
}

export interface RecordedProgress {
  readonly kind: 'progress'
  readonly position: number
  readonly next: number
  readonly read: number
  readonly latencies: Uint8Array
}

/** A power loss: what the journal had after this, and the sequence from `from` on, is gone. */
export interface RecordedLoss {
  readonly kind: 'lost'
  readonly position: number
  readonly from: number
}

export type Recorded = RecordedOutput | RecordedEvent | RecordedProgress | RecordedLoss

/** The contents of a strategy's journal, in order. */
export function* recordedOf(journal: string): Generator<Recorded, void, undefined> {
  const reader = Reader.open(journal)
  try {
    for (const frame of reader) {
      const recorded = copyOf(frame)
      if (recorded !== undefined) yield recorded
    }
  } finally {
    reader.close()
  }
}

function copyOf(frame: FrameView): Recorded | undefined {
  const { position } = frame
  if (frame.is(Order) || frame.is(Pair)) return { kind: 'output', isOrder: true, position, cause: frame.cause }
  if (frame.is(TimerRequest)) return { kind: 'output', isOrder: false, position, cause: frame.cause }
  if (frame.is(Lifecycle))
    return { kind: frame.event, position, next: Number(frame.next), read: Number(frame.read), run: frame.run }
  if (frame.is(Lost)) return { kind: 'lost', position, from: frame.taken }
  if (frame.is(Progress))
    return {
      kind: 'progress',
      position,
      next: Number(frame.next),
      read: Number(frame.read),
      latencies: frame.latencies,
    }
  return undefined
}
