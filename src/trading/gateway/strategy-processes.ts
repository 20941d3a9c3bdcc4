import type { WriterOptions } from '../../journal/write/options.js'
import { packageModule } from '../../native/package-files.js'
import { identityOf } from '../../runtime/consumer/identity.js'
import { Supervisor } from '../../runtime/supervision/supervisor.js'
import type { Desk } from '../desk/desk.js'
import type { KnownStrategy } from '../desk/player.js'
import { StrategyError } from '../errors.js'
import { MAX_EPOCH, MAX_STRATEGY } from '../messages/order-id.js'
import { StrategyEnd, StrategyStart } from '../sequence/frames.js'
import { type HomeDirectory, type HomeIdentity, STRATEGY_JOURNALS, writeIdentity } from '../sequence/home.js'
import type { Sequence } from '../sequence/sequence.js'
import type { Surroundings } from '../sequence/surroundings.js'
import type { StrategyInfo } from '../strategies/inspect.js'
import type { StrategyProcessConfig } from '../strategies/process.js'
import type { GatewayOptions } from './options.js'
import { StrategySource } from './strategy-source.js'

/** Bytes of a path in a StrategyStart. */
const FILE_BYTES = 512
const STRATEGY_PAGE_SIZE = 1024 * 1024

/** The module that a strategy's process runs. @throws {BundledError} */
export function strategyProcess(): string {
  return packageModule('trading/strategies/process.js', 'A gateway, which runs each strategy in a process of its own,')
}

/** One strategy of a running gateway: its journal, its process, and its life in the sequence. */
export class RunningStrategy {
  readonly source: StrategySource
  supervisor: Supervisor | undefined = undefined

  constructor(
    readonly info: StrategyInfo,
    readonly known: KnownStrategy,
    path: string,
    position: number,
  ) {
    this.source = new StrategySource(path, known.number, position)
  }
}

/** What the strategies of a gateway need. */
export interface StrategyEnvironment {
  readonly home: HomeDirectory
  readonly identity: HomeIdentity
  readonly sequence: Sequence
  readonly desk: Desk
  readonly options: Omit<GatewayOptions, 'feed' | 'strategies'>
  readonly surroundings: Surroundings
  /** The names of the accounts of each venue. */
  readonly accounts: Readonly<Record<string, readonly string[]>>
  /** Throws unless the home is still the one that was opened. */
  readonly check: () => void
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
  return new RunningStrategy(info, known, path, taken.get(STRATEGY_JOURNALS + known.number) ?? 0)
}

/** Starts a strategy's process and keeps it running. Each start is a new epoch. */
export function superviseStrategy(environment: StrategyEnvironment, strategy: RunningStrategy): void {
  const { options, home, check } = environment
  const { info, known } = strategy
  const input = home.sequence
  const start = (): string => {
    check()
    endEpoch(environment, strategy)
    const seed = startEpoch(environment, strategy)
    const config: StrategyProcessConfig = {
      id: info.id,
      file: info.file,
      strategy: known.number,
      epoch: known.epoch,
      seed,
      accounts: environment.accounts,
      input,
      inputIdentity: identityOf(input),
      output: home.strategy(info.id),
      log: home.log,
      writer: writerOptions(environment.options, known.number),
      wait: options.wait ?? 'event-loop',
      progressMs: options.progressMs ?? 250,
    }
    return JSON.stringify(config)
  }
  strategy.supervisor = new Supervisor({
    module: strategyProcess(),
    argument: start,
    firstMs: options.backOffMs ?? 100,
    longestMs: 5_000,
    stopMs: options.stopMs ?? 15_000,
    onEvent: event => options.onStrategy?.(info.id, event),
  })
}

/** Takes what the strategy's last process had written, and records that its epoch is over: whatever comes later is denied. */
export function endEpoch({ sequence, desk }: StrategyEnvironment, { known, source }: RunningStrategy): void {
  if (known.ended) return
  while (source.take(sequence, desk) > 0);
  const { number, epoch } = known
  sequence.writer.write(StrategyEnd, { strategy: number, epoch, end: source.reader.position })
  desk.endStrategy(number)
  known.ended = true
}

/** Records a new epoch. Returns its seed. */
export function startEpoch(
  { sequence, desk, home, surroundings }: StrategyEnvironment,
  { known, info }: RunningStrategy,
): number {
  if (known.epoch === MAX_EPOCH)
    throw new StrategyError(`strategy '${info.id}' of ${home.path} was started ${MAX_EPOCH} times; begin another home`)
  known.epoch++
  known.ended = false
  const seed = surroundings.newSeed()
  sequence.writer.write(StrategyStart, {
    strategy: known.number,
    epoch: known.epoch,
    seed,
    wantsTicker: info.wantsTicker,
    id: info.id,
    code: info.code,
    file: Buffer.byteLength(info.file) > FILE_BYTES ? '' : info.file,
  })
  desk.startStrategy(known.number, info.id, known.epoch, info.wantsTicker)
  return seed
}

/** The options of all writers of a strategy's journal. */
export function writerOptions(
  { strategyPageSize, durability }: Pick<GatewayOptions, 'strategyPageSize' | 'durability'>,
  number: number,
): WriterOptions {
  return { pageSize: strategyPageSize ?? STRATEGY_PAGE_SIZE, durability, journalId: STRATEGY_JOURNALS + number }
}

function createJournal({ options, identity, surroundings }: StrategyEnvironment, path: string, number: number): void {
  // A journal keeps its page size; an earlier run may have used another one.
  const writer = surroundings.openWriter(path, writerOptions(options, number))
  try {
    if (writer.position === 0) writeIdentity(writer, identity)
  } finally {
    writer.close()
  }
}
