import { UnknownInstrumentError } from '../errors.js'
import type { Instruments } from '../instruments/instruments.js'
import { type Closing, type Leg, Pair, type PairTerms } from './pair.js'
import type { Pairs } from './pairs.js'

/** What is copied of a pair as it is. */
const FIELDS = [
  'state',
  'reason',
  'isEnding',
  'cancelAt',
  'cancelAgainNs',
  'tried',
  'retryAt',
  'lastReason',
  'isRefused',
  'isOutdated',
  'endedAt',
] as const

/** A leg as plain data. */
export type LegData = Omit<Leg, 'instrument' | 'paid'> & { readonly instrument: number; readonly paid: string }

/** One pair as plain data. */
export type PairData = Pick<Pair, (typeof FIELDS)[number]> & {
  readonly idHigh: number
  readonly idLow: number
  readonly strategy: number
  readonly settleAt: number
  readonly terms: PairTerms
  readonly legs: readonly [LegData, LegData]
  readonly closings: readonly Closing[]
  /** ns; undefined for nothing. */
  readonly dueAt: number | undefined
}

/** All pairs as plain data. The lists have indexes of `pairs`: those that are due, and those that have ended, in their order. */
export interface PairsData {
  readonly pairs: readonly PairData[]
  readonly due: readonly number[]
  readonly ended: readonly number[]
}

export function savePairs(pairs: Pairs): PairsData {
  const all = [...pairs.all]
  const indexOf = new Map(all.map((pair, index) => [pair, index]))
  const indexes = (list: readonly Pair[]): number[] => list.map(pair => indexOf.get(pair) ?? -1)
  return { pairs: all.map(savePair), due: indexes(pairs.inOrderOfTime), ended: indexes(pairs.endedInOrder) }
}

/** Puts saved pairs into an empty book. @throws {UnknownInstrumentError} */
export function loadPairs(pairs: Pairs, data: PairsData, instruments: Instruments): void {
  const all = data.pairs.map(saved => loadPair(saved, instruments))
  pairs.restore(
    all,
    data.due.map(index => [all[index], data.pairs[index].dueAt ?? Number.POSITIVE_INFINITY]),
    data.ended.map(index => all[index]),
  )
}

function savePair(pair: Pair): PairData {
  const { idHigh, idLow, strategy, settleAt, terms, legs, closings, dueAt } = pair
  const { settleNs, retryNs, attempts, maxSlippage } = terms
  return {
    ...(Object.fromEntries(FIELDS.map(name => [name, pair[name]])) as Pick<Pair, (typeof FIELDS)[number]>),
    idHigh,
    idLow,
    strategy,
    settleAt,
    terms: { settleNs, retryNs, attempts, maxSlippage },
    legs: [saveLeg(legs[0]), saveLeg(legs[1])],
    closings: closings.map(closing => ({ ...closing })),
    dueAt: Number.isFinite(dueAt) ? dueAt : undefined,
  }
}

function saveLeg({ instrument, paid, ...leg }: Leg): LegData {
  return { ...leg, instrument: instrument.number, paid: String(paid) }
}

function loadPair(saved: PairData, instruments: Instruments): Pair {
  const loadLeg = ({ instrument, paid, ...leg }: LegData): Leg => {
    const known = instruments.get(instrument)
    if (known === undefined)
      throw new UnknownInstrumentError(
        `there is no instrument ${instrument}; load the instruments first`,
        String(instrument),
      )
    return { ...leg, instrument: known, paid: BigInt(paid) }
  }
  const legs = [loadLeg(saved.legs[0]), loadLeg(saved.legs[1])] as const
  const pair = new Pair(saved.idHigh, saved.idLow, saved.strategy, legs, saved.terms, saved.settleAt)
  for (const name of FIELDS) (pair[name] as unknown) = saved[name]
  for (const closing of saved.closings) pair.closings.push({ ...closing })
  return pair
}
