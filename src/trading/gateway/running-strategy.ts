import type { WriterOptions } from '../../journal/write/options.js'
import { Lifecycle, Progress } from '../../runtime/consumer/lifecycle.js'
import type { ConsumerProgress } from '../../runtime/consumer/messages.js'
import type { Supervisor } from '../../runtime/supervision/supervisor.js'
import type { Heartbeats } from '../../state/heartbeats/heartbeats.js'
import type { Desk } from '../desk/desk.js'
import type { KnownStrategy } from '../desk/player-data.js'
import { StrategyError } from '../errors.js'
import { MAX_STRATEGY } from '../messages/order-id.js'
import { STRATEGY_JOURNAL_FRAMES } from '../sequence/frames.js'
import { type HomeDirectory, type HomeIdentity, STRATEGY_JOURNALS, writeIdentity } from '../sequence/home.js'
import type { Sequence } from '../sequence/sequence.js'
import type { Surroundings } from '../sequence/surroundings.js'
import type { StrategyInfo } from '../strategies/inspect.js'
import type { InProcessStrategy } from './in-process-strategy.js'
import type { GatewayOptions } from './options.js'
import { ProcessCell } from './process-cell.js'
import { StrategySource } from './strategy-source.js'

const STRATEGY_PAGE_SIZE = 1024 * 1024

/** What the strategies of a gateway need. */
export interface StrategyEnvironment {
  readonly home: HomeDirectory
  readonly identity: HomeIdentity
  readonly sequence: Sequence
  readonly desk: Desk
  readonly options: Omit<GatewayOptions, 'feed' | 'strategies'>
  readonly surroundings: Surroundings
  readonly heartbeats: Heartbeats
  /** The names of the accounts of each venue. */
  readonly accounts: Readonly<Record<string, readonly string[]>>
  /** Throws unless the home is still the one that was opened. */
  readonly check: () => void
  /** Records in the sequence what the breaker says, when it has changed. */
  readonly checkBreaker: () => void
  /** Runs an action in the gateway's loop, between two bursts. */
  readonly later: (task: () => void) => void
}

/** What keeps a strategy running: a process of its own, or the gateway's process. */
export type StrategyKeeper = Pick<Supervisor, 'pid' | 'restarts' | 'phase' | 'ready' | 'stop'>

/** One strategy of a running gateway: its journal, what runs it, and its epochs in the sequence. */
export class RunningStrategy {
  readonly source: StrategySource
  /** Its process; undefined while it has none. */
  supervisor: Supervisor | undefined = undefined
  /** The strategy itself, when it runs inside the gateway's process. */
  inside: InProcessStrategy | undefined = undefined
  private isClosed = false
  private last: ConsumerProgress | undefined = undefined

  constructor(
    /** Its present description: a replaced module changes it. */
    public info: StrategyInfo,
    readonly known: KnownStrategy,
    readonly cell: ProcessCell,
    path: string,
    position: number,
  ) {
    this.source = new StrategySource(path, known.number, position)
  }

  /** What keeps it running; undefined before it was started. */
  get keeper(): StrategyKeeper | undefined {
    return this.inside ?? this.supervisor
  }

  /** Its progress; undefined until it has reported it. */
  get progress(): ConsumerProgress | undefined {
    if (this.isClosed) return this.last
    const { position, lag, handled, sent, p50, p99, p999, beats, time } = this.cell.read()
    return time === 0n ? undefined : { position, lag, read: handled, sent, p50, p99, p999, beats }
  }

  close(): void {
    if (this.isClosed) return
    this.last = this.progress
    this.isClosed = true
    this.inside?.kill()
    this.source.close()
    this.cell.release()
  }
}

/** Gives a strategy its number, and creates its journal if it has none. */
export function enterStrategy(
  environment: StrategyEnvironment,
  info: StrategyInfo,
  strategies: Map<string, KnownStrategy>,
  taken: ReadonlyMap<number, number>,
): RunningStrategy {
  let known = strategies.get(info.id)
  if (known === undefined) {
    const number = 1 + Math.max(0, ...[...strategies.values()].map(strategy => strategy.number))
    if (number > MAX_STRATEGY)
      throw new StrategyError(`${environment.home.path} has had ${MAX_STRATEGY} strategies; begin another home`)
    known = { id: info.id, number, epoch: 0, ended: true }
    strategies.set(info.id, known)
  }
  const path = environment.home.strategy(info.id)
  createJournal(environment, path, known.number)
  const cell = new ProcessCell(environment.heartbeats, info.id)
  return new RunningStrategy(info, known, cell, path, taken.get(STRATEGY_JOURNALS + known.number) ?? 0)
}

/** The options of all writers of a strategy's journal. */
export function writerOptions(
  { strategyPageSize, durability }: Pick<GatewayOptions, 'strategyPageSize' | 'durability'>,
  number: number,
): WriterOptions {
  return { pageSize: strategyPageSize ?? STRATEGY_PAGE_SIZE, durability, journalId: STRATEGY_JOURNALS + number }
}

function createJournal({ options, identity, surroundings }: StrategyEnvironment, path: string, number: number): void {
  // A journal keeps its page size; an earlier run may have used another one. Its schema has all that a strategy writes, so
  // that a process in another language need not change it.
  const frames = [...STRATEGY_JOURNAL_FRAMES, Lifecycle, Progress]
  const writer = surroundings.openWriter(path, { ...writerOptions(options, number), frames })
  try {
    if (writer.position === 0) writeIdentity(writer, identity)
  } finally {
    writer.close()
  }
}
