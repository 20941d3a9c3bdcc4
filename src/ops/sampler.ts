import { readFileSync, statfsSync } from 'node:fs'
import { absolute } from '../base/absolute.js'
import { now } from '../base/clock.js'
import { checkOptions, kinds } from '../base/options.js'
import { JournalNotFoundError } from '../journal/errors.js'
import { findJournals } from '../journal/inspect/inspect.js'
import { CircuitBreaker } from '../trading/risk/circuit-breaker.js'
import type { RiskOptions } from '../trading/risk/limits.js'
import { HomeDirectory, isHome } from '../trading/sequence/home.js'
import { DeskFold } from './desk-fold.js'
import { JournalSampler } from './journal-sampler.js'
import { Kept } from './kept.js'
import { limitUse } from './limit-use.js'
import { nameIn } from './names-in.js'
import { ProcessSampler } from './process-sampler.js'
import { profitOf } from './profit.js'
import { StrategyFold } from './strategy-fold.js'
import type { DeskSample, JournalSample, Sample, SampleProblem, SpaceSample } from './types.js'

export interface SamplerOptions {
  /**
   * The most time that one sample reads the sequence, in ms. What is left is read by the next ones, and `desk.behind` says how much that
   * is. Default: no limit.
   */
  readonly budgetMs?: number
}

/**
 * Looks at a home or at journals from outside: reads mapped memory and files, takes no lock and no reader's slot, writes no frame and wakes
 * no process. Whoever is sampled does not notice.
 *
 *     using sampler = new Sampler('/dev/shm/desk')
 *     setInterval(() => console.log(sampler.sample().journals[0].slotsPerSecond), 1000)
 */
export class Sampler implements Disposable {
  readonly path: string
  private readonly home: HomeDirectory | undefined
  private readonly budgetMs: number
  private readonly journals = new Map<string, JournalSampler>()
  private readonly strategies = new Map<string, StrategyFold>()
  private readonly processes: ProcessSampler | undefined
  private readonly breaker: Kept<CircuitBreaker> | undefined
  private desk: DeskFold | undefined = undefined
  private lastAt: bigint | undefined = undefined
  private problems: SampleProblem[] = []

  /**
   * @param directory a home, a journal, or a directory of journals.
   * @throws {JournalNotFoundError} when there is none; {HomeError} for a home of version 0.1; {InvalidOptionError}.
   */
  constructor(directory: string, options: SamplerOptions = {}) {
    checkOptions('Sampler', options, { budgetMs: kinds.number(0, Number.POSITIVE_INFINITY) })
    this.path = absolute(directory)
    this.budgetMs = options.budgetMs ?? Number.POSITIVE_INFINITY
    this.home = isHome(this.path) ? HomeDirectory.openExisting(this.path) : undefined
    const { home } = this
    this.processes = home === undefined ? undefined : new ProcessSampler(home)
    this.breaker = home === undefined ? undefined : new Kept(home.breaker, () => CircuitBreaker.find(home.breaker))
    if (findJournals(this.path).length === 0)
      throw new JournalNotFoundError(`there is no journal in ${this.path} or below`, { path: this.path })
  }

  /** What there is now. Reads what was written since the last call. A file that cannot be read is one of `problems`. */
  sample(): Sample {
    this.problems = []
    const time = now()
    const sinceMs = this.lastAt === undefined ? undefined : Number(time - this.lastAt) / 1e6
    this.lastAt = time
    const journals = this.sampleJournals()
    const desk = this.home === undefined ? undefined : this.sampleDesk(this.home)
    const gateway = journals.find(({ name }) => name === 'gateway')
    return {
      path: this.path,
      kind: this.home === undefined ? 'journals' : 'home',
      time,
      sinceMs,
      journals,
      processes:
        this.attempt(this.home?.heartbeats ?? this.path, () =>
          this.processes?.sample(gateway, { gateway: this.desk?.stalls, strategies: this.strategies }),
        ) ?? [],
      desk,
      space: this.attempt(this.path, () => spaceOf(this.path)),
      problems: this.problems,
    }
  }

  [Symbol.dispose](): void {
    this.close()
  }

  close(): void {
    this.closeDesk()
    for (const sampler of this.journals.values()) sampler.close()
    this.journals.clear()
    this.processes?.close()
    this.breaker?.close()
  }

  private closeDesk(): void {
    this.desk?.close()
    this.desk = undefined
    for (const fold of this.strategies.values()) fold.close()
    this.strategies.clear()
  }

  private sampleJournals(): JournalSample[] {
    const found = this.attempt(this.path, () => findJournals(this.path)) ?? []
    for (const [path, sampler] of this.journals)
      if (!found.includes(path)) {
        sampler.close()
        this.journals.delete(path)
      }
    return found.flatMap(path => {
      const name = nameIn(this.path, path)
      const sampler = this.journals.get(path) ?? new JournalSampler(path, name)
      this.journals.set(path, sampler)
      return this.attempt(path, () => sampler.sample()) ?? []
    })
  }

  private sampleDesk(home: HomeDirectory): DeskSample | undefined {
    return this.attempt(home.sequence, () => {
      // With a budget it may never reach the end of a sequence that is written faster.
      if (this.desk?.isCurrent === false || this.desk?.isOutrun === true) this.closeDesk()
      try {
        const desk = (this.desk ??= new DeskFold(home.sequence))
        this.readStrategies(home, desk)
        desk.read(this.budgetMs)
        const found = desk.sample()
        const { names } = desk.orders
        const currency = names.instruments.all[0]?.settlement ?? ''
        const breaker = this.attempt(home.breaker, () => statusOf(this.breaker?.get()))
        const limits = this.attempt(home.limits, () => limitsOf(home)) ?? names.config?.risk ?? {}
        const { byStrategy, byAccount, byDesk } = found.positions
        const { open } = found.orders
        const dayProfit = breaker?.profit
        return {
          ...found,
          trading: stricter(found.trading, breaker?.trading),
          profit: profitOf(byDesk),
          day: dayProfit === undefined ? undefined : { profit: dayProfit, currency },
          limits: limitUse(limits, { names, open, byStrategy, byAccount, byDesk, dayProfit }),
        } as const
      } catch (error) {
        // It may have been retired, or replaced, below the reader: the next sample begins again, with the last snapshot.
        this.closeDesk()
        throw error
      }
    })
  }

  private readStrategies(home: HomeDirectory, desk: DeskFold): void {
    for (const id of home.strategyIds)
      this.attempt(home.strategy(id), () => {
        const fold =
          this.strategies.get(id) ??
          new StrategyFold(home.strategy(id), (order, time) => desk.latency.wrote(order, time))
        this.strategies.set(id, fold)
        fold.read()
      })
  }

  private attempt<T>(path: string, read: () => T): T | undefined {
    try {
      return read()
    } catch (error) {
      const { code = 'ERR_INTERNAL', message } = error as Error & { readonly code?: string }
      this.problems.push({ path, code, message })
      return undefined
    }
  }
}

/** One sample: what there is now, without rates. @throws as `new Sampler`. */
export function sample(directory: string): Sample {
  using sampler = new Sampler(directory)
  return sampler.sample()
}

/** Undefined before the first gateway has created it. */
function statusOf(
  breaker: CircuitBreaker | undefined,
): { readonly profit: number; readonly trading: DeskSample['trading'] } | undefined {
  if (breaker === undefined) return undefined
  const { state, halt, reducing, dailyPnl } = breaker.status()
  const note = halt ?? reducing
  // In hundredths.
  return {
    profit: dailyPnl / 100,
    trading: { state, reason: note?.reason || (halt?.code ?? ''), since: note?.time },
  }
}

/** What lets pass less counts, the sequence or the breaker. Of two that are the same the breaker says more. */
function stricter(sequence: DeskSample['trading'], breaker: DeskSample['trading'] | undefined): DeskSample['trading'] {
  return breaker === undefined || STRICTNESS[breaker.state] < STRICTNESS[sequence.state] ? sequence : breaker
}

const STRICTNESS = { active: 0, reducing: 1, halted: 2 } as const

/** The limits that the gateway shows in the home's state. Undefined before the first gateway has written them. */
function limitsOf(home: HomeDirectory): RiskOptions | undefined {
  try {
    return JSON.parse(readFileSync(home.limits, 'utf8')) as RiskOptions
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

function spaceOf(directory: string): SpaceSample {
  const { bavail, blocks, bsize } = statfsSync(directory)
  return { freeBytes: bavail * bsize, totalBytes: blocks * bsize }
}
