import { existsSync } from 'node:fs'
import { isJournal } from '../../journal/inspect/inspect.js'
import type { KnownStrategy } from '../desk/player-data.js'
import { StrategyError } from '../errors.js'
import { MAX_EPOCH } from '../messages/order-id.js'
import { StrategyEnd, StrategyStart } from '../sequence/frames.js'
import { STRATEGY_JOURNALS } from '../sequence/home.js'
import { StrategyEvent } from '../sequence/supervision-frames.js'
import { enterClock } from './clock.js'
import type { RunningStrategy, StrategyEnvironment } from './running-strategy.js'
import { StrategySource } from './strategy-source.js'

/** Bytes of a path in a StrategyStart, and of the text in a StrategyEvent. */
const FILE_BYTES = 512
const TEXT_BYTES = 64

/** Takes what the strategy's last process had written, and records the end of its epoch: later orders of it are denied. */
export function endEpoch(environment: StrategyEnvironment, { known, source }: RunningStrategy): void {
  endKnown(environment, known, source)
}

/** The same for all strategies that an earlier gateway ran and this one does not. */
export function endAbsent(
  environment: StrategyEnvironment,
  strategies: Iterable<KnownStrategy>,
  present: ReadonlySet<string>,
  taken: Map<number, number>,
): void {
  for (const known of strategies) {
    if (known.ended || present.has(known.id)) continue
    const journal = STRATEGY_JOURNALS + known.number
    const path = environment.home.strategy(known.id)
    // `ticktape reset --strategy` may have moved it.
    const source =
      existsSync(path) && isJournal(path) ? new StrategySource(path, known.number, taken.get(journal) ?? 0) : undefined
    try {
      endKnown(environment, known, source)
      if (source !== undefined) taken.set(journal, source.reader.position)
    } finally {
      source?.close()
    }
  }
}

function endKnown(
  { sequence, desk, checkBreaker }: StrategyEnvironment,
  known: KnownStrategy,
  source: StrategySource | undefined,
): void {
  if (known.ended) return
  while (source !== undefined && source.take(sequence, desk, checkBreaker) > 0);
  // The dead-man switch counts from this time.
  enterClock(sequence, desk)
  const { number, epoch } = known
  sequence.writer.write(StrategyEnd, { strategy: number, epoch, end: source?.reader.position ?? 0 })
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

/** Records what happened to a strategy's process. */
export function recordEvent(
  { sequence, desk }: StrategyEnvironment,
  { known }: RunningStrategy,
  event: 'ready' | 'hung' | 'failed',
  text = '',
): void {
  const { number, epoch } = known
  const plain = text.replace(/[^\x20-\x7e]/g, '?').slice(0, TEXT_BYTES)
  sequence.writer.write(StrategyEvent, { strategy: number, epoch, event, text: plain })
  if (event === 'ready') desk.strategyReady(number)
}
