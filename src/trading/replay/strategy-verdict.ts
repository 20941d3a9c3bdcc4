import * as fs from 'node:fs'
import { TicktapeError } from '../../base/errors.js'
import { type HomeDirectory, readIdentity, STRATEGY_JOURNALS } from '../sequence/home.js'
import { moduleOnRecord, type StrategyLives } from '../sequence/lives.js'
import { isCommandFile } from '../strategies/command.js'
import { localImports } from '../strategies/local-imports.js'
import { moduleCode } from '../strategies/module-code.js'
import { isThere } from './copies.js'
import { checkBytes, checkPages } from './damage.js'
import { causeAt } from './frames-at.js'
import { knownRuns } from './known-runs.js'
import type { RecordedSession } from './recorded-session.js'
import type { ReplayResult } from './replay-runs.js'
import { replayInChild } from './strategy.js'
import type { StrategyRun } from './strategy-runs.js'
import type { ReplayVerdict } from './verdict.js'

export interface StrategyQuestion {
  readonly home: HomeDirectory
  readonly id: string
  readonly recorded: RecordedSession
  /** Why the sequence cannot be read. */
  readonly unreadable: Error | undefined
  /** A module to replay instead of the one on record. */
  readonly file: string | undefined
  readonly signal: AbortSignal | undefined
  readonly onProgress: (part: number) => void
}

/** What a replay says of one strategy. @throws the signal's reason. */
export async function strategyVerdict(question: StrategyQuestion): Promise<ReplayVerdict> {
  const { id, recorded, unreadable, signal } = question
  const who = { who: id, role: 'strategy' } as const
  const cannot = (text: string, compared = 0): ReplayVerdict => ({ ...who, verdict: 'cannot compare', text, compared })
  if (unreadable !== undefined) return cannot(`the sequence cannot be read: ${unreadable.message}`)
  const lives = recorded.lives.strategies.get(id)
  if (lives === undefined) return cannot('the sequence has no start of a strategy with this id')
  try {
    checkPages(question.home.strategy(id))
    const misplaced = misplacedText(question, lives)
    if (misplaced !== undefined) return cannot(misplaced)
    const tampered = tamperedVerdict(question, lives)
    if (tampered !== undefined) return { ...who, ...tampered }
    const { known: runs, isShort } = knownRuns(question.home, id)
    if (isShort && runs.length === 0)
      return cannot('its last start was on pages that are gone, so nothing can be compared')
    const file = question.file ?? moduleOnRecord(question.home, id, lives)
    const { comparable, why } = comparableRuns(file, question.file === undefined, lives, runs)
    if (comparable?.length === 0) return cannot(why ?? 'it never ran')
    const task = { home: question.home.path, strategy: id, file, runs: comparable }
    const result = await replayInChild(task, question)
    return await checkBytes({ ...who, ...resultVerdict(question, result, why) }, question.home.strategy(id))
  } catch (error) {
    signal?.throwIfAborted()
    if (error instanceof TicktapeError) return cannot(error.message)
    throw error
  }
}

/** Why the journal in the strategy's directory is not its own, or is not complete; undefined when it is. */
function misplacedText({ home, id, recorded }: StrategyQuestion, { number }: StrategyLives): string | undefined {
  const journal = home.strategy(id)
  if (!isThere(journal)) return `its journal ${journal} is gone`
  const own = readIdentity(journal)
  const gateway = readIdentity(home.sequence)
  if (own === undefined) return `the first pages of its journal ${journal} are gone`
  if (gateway === undefined) return `the first pages of the sequence ${home.sequence} are gone`
  if (own.home !== gateway.home) return `${journal} is the journal of another home`
  if (own.generation !== gateway.generation) return `${journal} is from before a 'ticktape reset' of this home`
  if (own.journal === STRATEGY_JOURNALS + number) {
    const error = recorded.copies.unreadable.get(number)
    return error === undefined ? undefined : `its journal cannot be read: ${error.message}`
  }
  const other = [...recorded.lives.strategies].find(([, lives]) => STRATEGY_JOURNALS + lives.number === own.journal)
  return other === undefined
    ? `${journal} is another journal (number ${own.journal})`
    : `${journal} holds the journal of strategy '${other[0]}': two journals were swapped`
}

/** Whether what the strategy wrote and what the sequence has of it are not the same. */
function tamperedVerdict(
  { home, recorded }: StrategyQuestion,
  { number }: StrategyLives,
): Pick<ReplayVerdict, 'verdict' | 'text' | 'compared' | 'difference'> | undefined {
  const found = recorded.copies.differences.get(number)
  if (found === undefined) return undefined
  const { position, original, copy, written } = found
  const cause = causeAt(home, position)
  if (original === undefined)
    return {
      verdict: 'different',
      text: `at position ${position} the sequence has a request that is not in the strategy's journal`,
      compared: 0,
      difference: { position, recorded: copy, replayed: undefined, cause },
    }
  return {
    verdict: 'different',
    text: `what the strategy wrote at position ${original} of its journal is not what the sequence took from there (position ${position}): one of them was changed afterwards`,
    compared: 0,
    difference: { position: original, recorded: written, replayed: copy, cause },
  }
}

/**
 * The runs that a module can be compared with: those of the same code. All (undefined) when the caller named the module.
 * And why others cannot be.
 */
function comparableRuns(
  file: string,
  isOnRecord: boolean,
  { epochs }: StrategyLives,
  runs: readonly StrategyRun[],
): { readonly comparable: readonly number[] | undefined; readonly why: string | undefined } {
  if (!fs.existsSync(file)) return { comparable: [], why: `its module ${file} is missing` }
  if (!isOnRecord) return { comparable: undefined, why: undefined }
  const code = moduleCode(file)
  const isSame = ({ number }: StrategyRun): boolean => epochs.get(number)?.code === code
  const others = runs.filter(run => !isSame(run))
  const last = others.at(-1)
  if (last === undefined) return { comparable: undefined, why: undefined }
  const imports = isCommandFile(file) ? [] : localImports(file)
  const what = imports.length === 0 ? file : `${file}, or a file that it imports,`
  return {
    comparable: runs.filter(isSame).map(({ number }) => number),
    why: `its code changed since run ${last.number}: ${what} is not what it was then`,
  }
}

function resultVerdict(
  { home }: StrategyQuestion,
  { runs, firstRun, frames, orders, difference }: ReplayResult,
  why: string | undefined,
): Pick<ReplayVerdict, 'verdict' | 'text' | 'compared' | 'difference'> {
  const done = `${frames} frames in ${runs} ${runs === 1 ? 'run' : 'runs'}, ${orders} orders and cancels as recorded${firstRun === undefined ? '' : `, from run ${firstRun} on: earlier pages were retired`}`
  if (difference !== undefined) {
    const { what, input, position, recorded, replayed } = difference
    const cause = input === undefined ? undefined : causeAt(home, input)
    return {
      verdict: 'different',
      text: `it ${what}${input === undefined ? '' : ` at the frame ${input} of the sequence`}; before it ${done}`,
      compared: orders,
      difference: { position, recorded, replayed, cause },
    }
  }
  if (why !== undefined)
    return { verdict: 'cannot compare', text: `${why}; of the other runs ${done}`, compared: orders }
  if (frames === 0)
    return { verdict: 'cannot compare', text: 'it has handled no frame yet, so nothing was compared', compared: 0 }
  return { verdict: 'same', text: done, compared: orders }
}
