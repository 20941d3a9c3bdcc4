import type { FrameView } from '../../frames/view.js'
import { Reader } from '../../journal/read/reader.js'
import { Lifecycle, Progress } from '../../runtime/consumer/lifecycle.js'
import { Order, type OrderValues } from '../messages/frames.js'

/** An order as a strategy's journal has it. */
export interface RecordedOrder {
  readonly kind: 'order'
  readonly position: number
  /** Position in the gateway's journal; undefined when nothing led to it. */
  readonly cause: number | undefined
  readonly values: OrderValues
}

/** That a strategy started, stopped or failed. */
export interface RecordedEvent {
  readonly kind: 'started' | 'stopped' | 'failed'
  readonly position: number
  /** Position in the gateway's journal of the next frame to handle. */
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

export type Recorded = RecordedOrder | RecordedEvent | RecordedProgress

/** What a strategy's journal holds, in order. */
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
  if (frame.is(Order)) return { kind: 'order', position, cause: frame.cause, values: frame.toObject() }
  if (frame.is(Lifecycle))
    return { kind: frame.event, position, next: Number(frame.next), read: Number(frame.read), run: frame.run }
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
