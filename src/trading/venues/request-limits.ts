import { InvalidOptionError } from '../../base/errors.js'
import { checkOptions, kinds } from '../../base/options.js'

/** How many requests may leave: tokens come back at a steady rate, up to `burst` of them. */
export interface TokenRate {
  /** Tokens that come back in a second. */
  readonly perSecond: number
  /** Tokens that there are at most. Default: those of a second, at least one. */
  readonly burst?: number
}

/** Tokens that a request takes, from 0. */
export interface RequestWeights {
  /** Default 1 each. */
  readonly submit?: number
  readonly amend?: number
  readonly cancel?: number
}

/**
 * The request limits of a venue. What would be above them waits in the gateway, cancels first: docs/runtime.md. Questions
 * and reconciliations are not counted.
 */
export interface RequestLimits {
  /** Of all requests to the venue together. */
  readonly venue?: TokenRate
  /** Of each account. */
  readonly account?: TokenRate
  readonly weights?: RequestWeights
}

const WHAT = "option 'requestLimits'"

/** @throws {InvalidOptionError} */
export function checkRequestLimits(limits: RequestLimits, of: string): void {
  const what = `${WHAT} of ${of}`
  checkOptions(what, limits, { venue: kinds.object, account: kinds.object, weights: kinds.object })
  const { weights = {} } = limits
  const weight = kinds.integer(0, MOST_TOKENS)
  checkOptions(`'weights' in ${what}`, weights, { submit: weight, amend: weight, cancel: weight })
  const heaviest = Math.max(weights.submit ?? 1, weights.amend ?? 1, weights.cancel ?? 1)
  for (const name of ['venue', 'account'] as const) {
    const rate = limits[name]
    if (rate === undefined) continue
    checkOptions(`'${name}' in ${what}`, rate, {
      perSecond: kinds.number(0.001, 1e9),
      burst: kinds.integer(1, MOST_TOKENS),
    })
    if (rate.perSecond === undefined) throw new InvalidOptionError(`'${name}' in ${what} needs 'perSecond'`)
    const burst = burstOf(rate)
    if (burst < heaviest)
      throw new InvalidOptionError(
        `'${name}' in ${what} has a burst of ${burst}, but a request takes ${heaviest} tokens: it could never leave`,
      )
  }
}

export function burstOf({ perSecond, burst }: TokenRate): number {
  return burst ?? Math.max(1, Math.floor(perSecond))
}

const MOST_TOKENS = 1_000_000
