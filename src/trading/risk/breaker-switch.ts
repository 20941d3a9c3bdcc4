import { InvalidOptionError } from '../../base/errors.js'
import { formatValue } from '../../base/format-value.js'
import type { StateFile } from '../../state/file/state-file.js'
import { BreakerWord as B } from './breaker-format.js'
import { readReason, storeReason } from './breaker-reason.js'

export type HaltCode = 'halted' | 'consecutive-errors' | 'daily-loss'

/** What may be sent: everything, what makes a position smaller, or nothing. */
export type TradingState = 'active' | 'reducing' | 'halted'

/** Who has changed the state of trading, when and why. */
export interface BreakerNote {
  /** '' when the process died before it had stored the reason. */
  readonly reason: string
  /** ns since 1970; 0n when `reason` is ''. */
  readonly time: bigint
  readonly pid: number
}

/** A halt: its cause, time and process. */
export interface BreakerHalt extends BreakerNote {
  readonly code: HaltCode
}

/** In the order of their numbers in the file. New codes are added at the end only. */
const CODES: readonly (HaltCode | 'reducing')[] = ['halted', 'consecutive-errors', 'daily-loss', 'reducing']
/** The bits of the word that say what may be sent: 0 for everything. */
export const CODE_MASK = 2 ** B.CODE_BITS - 1
export const REDUCING = 1 + CODES.indexOf('reducing')
/** Where the word is. */
export const SWITCH = B.HALTED >> 2

/** The one word of a breaker that says what may be sent. Every change is one compare-and-swap. */
export class BreakerSwitch {
  constructor(
    private readonly file: StateFile,
    private readonly words: Int32Array,
  ) {}

  get state(): TradingState {
    return stateOf(Atomics.load(this.words, SWITCH) & CODE_MASK)
  }

  /** The state, and who changed it and why. */
  status(): {
    readonly state: TradingState
    readonly halt: BreakerHalt | undefined
    readonly reducing: BreakerNote | undefined
  } {
    const word = Atomics.load(this.words, SWITCH)
    const code = word & CODE_MASK
    const state = stateOf(code)
    return {
      state,
      halt: state === 'halted' ? { code: haltOf(code), ...readReason(this.file, word) } : undefined,
      reducing: state === 'reducing' ? readReason(this.file, word) : undefined,
    }
  }

  /** Lets pass less. Returns false when that, or what is stricter, is so already: the first halt's reason stays. */
  trip(cause: HaltCode | 'reducing', reason: string): boolean {
    const code = 1 + CODES.indexOf(cause)
    for (;;) {
      const seen = Atomics.load(this.words, SWITCH)
      const present = seen & CODE_MASK
      if (present !== 0 && (present !== REDUCING || code === REDUCING)) return false
      const word = nextWord(seen, code)
      // It is stored before its reason, so that other processes stop at once.
      if (Atomics.compareExchange(this.words, SWITCH, seen, word) !== seen) continue
      storeReason(this.file, word, reason)
      return true
    }
  }

  /** Lets pass more, or of a halt 'reducing'. @param reason stored with 'reducing' only. */
  resume(to: 'active' | 'reducing', reason: string): void {
    const code = to === 'active' ? 0 : REDUCING
    for (;;) {
      const seen = Atomics.load(this.words, SWITCH)
      if ((seen & CODE_MASK) === code) return
      const word = nextWord(seen, code)
      if (Atomics.compareExchange(this.words, SWITCH, seen, word) !== seen) continue
      if (code === REDUCING) storeReason(this.file, word, reason)
      return
    }
  }
}

/** The code of a halt. An unknown one, of a later version, is a halt too. */
export function haltOf(code: number): HaltCode {
  const known = CODES[code - 1]
  return known === undefined || known === 'reducing' ? 'halted' : known
}

/** @throws {InvalidOptionError} */
export function checkReason(method: string, reason: unknown): void {
  if (typeof reason !== 'string')
    throw new InvalidOptionError(`${method}() takes the reason as a string, not ${formatValue(reason)}`)
}

function stateOf(code: number): TradingState {
  return code === 0 ? 'active' : code === REDUCING ? 'reducing' : 'halted'
}

/** Counts the change, so that a reason names the change that it belongs to. */
function nextWord(word: number, code: number): number {
  return (((word >>> B.CODE_BITS) + 1) << B.CODE_BITS) | code
}
