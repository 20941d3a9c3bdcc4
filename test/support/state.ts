/** Opens state files in new folders. They are closed and removed when the test is over. */
import { join } from 'node:path'
import { on } from 'ticktape'
import {
  Broadcast,
  BroadcastMember,
  CircuitBreaker,
  Counters,
  InFlight,
  LatestValues,
  Ring,
  TopOfBook,
} from 'ticktape/state'
import { onTestFinished } from 'vitest'
import { makeFolder } from './folders.ts'
import { Tick } from './frames.ts'

export function statePath(name = 'state'): string {
  return join(makeFolder('memory'), name)
}

/** Closes it when the test is over. */
export function opened<T extends { close(): void }>(structure: T): T {
  onTestFinished(() => structure.close())
  return structure
}

/** How one structure is opened, and one call of each of its functions. */
export interface StructureKind {
  readonly name: string
  readonly open: (path: string) => { close(): void }
  /** Every operation of an open structure. */
  readonly uses: (structure: never) => (() => unknown)[]
}

const tick = { symbol: 'BTC-USDT', last: 1, bid: 2, ask: 3, volume: 4 }

function kind<T extends { close(): void }>(
  name: string,
  open: (path: string) => T,
  uses: (structure: T) => (() => unknown)[],
): StructureKind {
  return { name, open, uses }
}

export const KINDS: readonly StructureKind[] = [
  kind(
    'Counters',
    path => Counters.open(path, { cells: 4 }),
    c => [
      () => c.counter('a').add(1),
      () => c.counter('a').value,
      () => c.gauge('g').set(1),
      () => c.gauge('g').add(1),
      () => c.read('a'),
      () => c.list(),
    ],
  ),
  kind(
    'TopOfBook',
    path => TopOfBook.open(path, { markets: 4 }),
    b => [
      () => b.set(1, { bid: 1, ask: 2, bidSize: 3, askSize: 4 }),
      () => b.setBid(1, 5),
      () => b.setAsk(1, 5, 6),
      () => b.replaceBid(1, 5, 6, 7),
      () => b.replaceAsk(1, 5, 6, 7),
      () => b.get(1),
    ],
  ),
  kind(
    'InFlight',
    path => InFlight.open(path, { markets: 4, owners: 4 }),
    f => [
      () => f.tryAcquire(0),
      () => f.tryAcquire(1),
      () => f.tryAcquire(2),
      () => f.tryAcquire(3),
      () => f.owner(0),
      () => f.holders(),
      () => f.count,
      () => f.releaseAfter(0, 0),
      () => f.release(1),
      () => f.freeDead(),
    ],
  ),
  kind(
    'LatestValues',
    path => LatestValues.open(path, Tick, { capacity: 4 }),
    l => [
      () => l.get(0),
      () => l.read(1)?.symbol,
      () => l.version(2),
      () => l.set(0, tick),
      () => l.get(0),
      () => l.begin(1),
      () => l.commit(),
    ],
  ),
  kind(
    'Ring producer',
    path => Ring.open(path, { role: 'producer', slots: 4, whenFull: 'drop' }),
    r => [
      () => r.write(Tick, tick),
      () => r.size,
      () => r.dropped,
      () => r.lapped,
      () => r.connected,
      () => r.batch(() => r.write(Tick, tick)),
    ],
  ),
  kind(
    'overwriting Ring producer',
    path => Ring.open(path, { role: 'producer', slots: 4, whenFull: 'overwrite' }),
    r => Array.from({ length: 10 }, () => () => r.write(Tick, tick)),
  ),
  kind(
    'Ring consumer',
    path => Ring.open(path, { role: 'consumer', slots: 4 }),
    r => [() => r.poll(ticks), () => r.size, () => r.poll(ticks, 1)],
  ),
  kind(
    'CircuitBreaker',
    path => CircuitBreaker.open(path, { markets: 4 }),
    b => [
      () => b.check(1, 1),
      () => b.recordError(),
      () => b.recordSuccess(),
      () => b.recordPnl(-1),
      () => b.dailyPnl,
      () => b.recordFill(1, 2),
      () => b.position(1),
      () => b.setMarketLimit(1, 5),
      () => b.status(),
      () => b.halt('a test'),
      () => b.status(),
      () => b.resume(),
    ],
  ),
  kind(
    'Broadcast',
    path => Broadcast.open(path, { members: 2 }),
    b => [() => b.write(Tick, tick, 'BTC-USDT'), () => b.status(), () => b.sweep()],
  ),
  kind(
    'BroadcastMember',
    path => BroadcastMember.join(path, 'one', { slots: 4 }),
    m => [() => m.poll(ticks), () => m.size, () => m.missed],
  ),
]

export const ticks = on(Tick, t => t.symbol)
