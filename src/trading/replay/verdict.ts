/** The result of replaying the gateway, a simulated exchange or a strategy. */
export interface ReplayVerdict {
  /** 'gateway', the name of a venue, or the id of a strategy. */
  readonly who: string
  readonly role: 'gateway' | 'exchange' | 'strategy'
  /** 'same' only when frames were compared. */
  readonly verdict: 'same' | 'different' | 'cannot compare'
  /** One sentence. */
  readonly text: string
  /** Frames that are the same as the recorded ones. */
  readonly compared: number
  /** The first difference. */
  readonly difference?: FrameDifference
}

/** A recorded frame, the frame that the replay decided instead, and the frame that led to them: in the form of `toJSON`. */
export interface FrameDifference {
  /** Of the recorded frame in its journal; undefined when none is recorded. */
  readonly position: number | undefined
  readonly recorded: unknown
  readonly replayed: unknown
  /** The frame of the sequence that led to it; undefined when it is not known. */
  readonly cause: { readonly position: number; readonly frame: unknown } | undefined
}

/** The verdict of several: one difference makes all of it different. */
export function verdictOf(all: readonly ReplayVerdict[]): ReplayVerdict['verdict'] {
  if (all.some(({ verdict }) => verdict === 'different')) return 'different'
  return all.length === 0 || all.some(({ verdict }) => verdict === 'cannot compare') ? 'cannot compare' : 'same'
}
