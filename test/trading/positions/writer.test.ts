/** The positions' journal: batches, and the same numbers after its process was killed at any moment. */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { on, Reader, Writer } from 'ticktape'
import { type Fill, foldPositions, Positions, PositionsWriter, type PositionsWriterOptions } from 'ticktape/trading'
import { expect, test } from 'vitest'
import { startChild } from '../../support/child.ts'
import { failureOf } from '../../support/failures.ts'
import { makeFolder } from '../../support/folders.ts'
import { Pair } from '../../support/frames.ts'
import { opened } from '../../support/state.ts'

function journalPath(): string {
  return join(makeFolder('memory'), 'journal')
}

const KILLS = process.env['TICKTAPE_STATE_LONG'] ? 200 : 8

function open(directory: string, options: PositionsWriterOptions = {}): PositionsWriter {
  return opened(PositionsWriter.open(directory, options))
}

function fillOf(i: number): Fill {
  return {
    strategy: `s${i % 3}`,
    account: `a${i % 7}`,
    symbol: `Y${i % 2}`,
    side: i % 5 < 3 ? 'buy' : 'sell',
    price: `${100 + (i % 17)}.${i % 10}`,
    quantity: `${1 + (i % 13)}.5`,
    fee: '0.01',
  }
}

/** All positions, as texts. */
function shown(positions: Positions): unknown {
  return ['s0', 's1', 's2']
    .flatMap(strategy => ['Y0', 'Y1'].map(symbol => [strategy, symbol, positions.get(strategy, symbol)]))
    .concat(
      Array.from({ length: 7 }, (_, i) =>
        ['Y0', 'Y1'].map(symbol => [`a${i}`, symbol, positions.account(`a${i}`, symbol)]),
      ).flat(),
    )
}

function folded(count: number): unknown {
  const positions = new Positions()
  for (let i = 0; i < count; i++) positions.apply(fillOf(i))
  return shown(positions)
}

test('fills are written 16 at a time', () => {
  const keeper = open(journalPath(), { batchMs: 60_000 })
  for (let i = 0; i < 15; i++) keeper.apply(fillOf(i))
  expect([keeper.folded, keeper.waiting]).toEqual([0, 15])
  keeper.apply(fillOf(15))
  expect([keeper.folded, keeper.waiting]).toEqual([16, 0])
  expect(shown(keeper.positions)).toEqual(folded(16))
  keeper.apply(fillOf(16))
  expect(keeper.fold()).toBe(1)
  expect(shown(keeper.positions)).toEqual(folded(17))
})

test('fills are also written after the flush interval', async () => {
  const keeper = open(journalPath(), { batchMs: 20 })
  keeper.apply(fillOf(0))
  expect(keeper.folded).toBe(0)
  while (keeper.folded === 0) await sleep(5)
  expect(shown(keeper.positions)).toEqual(folded(1))
})

test('opening the journal again gives the same positions, and any program can compute them from it', () => {
  const directory = journalPath()
  const keeper = PositionsWriter.open(directory, { snapshotEvery: 100 })
  for (let i = 0; i < 350; i++) keeper.apply(fillOf(i), i)
  keeper.close()
  const fold = foldPositions(directory)
  expect(shown(fold.positions)).toEqual(folded(350))
  expect([fold.folded, fold.lastCause]).toEqual([350, { journal: 0, position: 349 }])
  const again = open(directory)
  expect(shown(again.positions)).toEqual(folded(350))
  for (let i = 350; i < 400; i++) again.apply(fillOf(i))
  again.fold()
  expect(shown(foldPositions(directory).positions)).toEqual(folded(400))
})

test('a journal whose first pages were removed continues from a snapshot', () => {
  const directory = journalPath()
  const keeper = PositionsWriter.open(directory, { snapshotEvery: 50, journal: { pageSize: 64 * 1024 } })
  for (let i = 0; i < 500; i++) keeper.apply(fillOf(i), i)
  keeper.close()
  for (const page of [0, 1, 2]) rmSync(join(directory, `${String(page).padStart(10, '0')}.page`))
  expect(opened(Reader.open(directory)).position).toBeGreaterThan(0)
  const fold = foldPositions(directory)
  expect([fold.folded, fold.lastCause]).toEqual([500, { journal: 0, position: 499 }])
  expect(shown(fold.positions)).toEqual(folded(500))
})

test('settlements are in the journal too', () => {
  const directory = journalPath()
  const keeper = PositionsWriter.open(directory)
  for (let i = 0; i < 10; i++) keeper.apply(fillOf(i))
  keeper.settle('Y0', 1)
  keeper.apply(fillOf(10))
  keeper.close()
  const { positions, folded: count } = foldPositions(directory)
  expect([positions.get('s0', 'Y1').quantity, positions.total('Y0').quantity, count]).toEqual([
    keeper.positions.get('s0', 'Y1').quantity,
    '11.5',
    12,
  ])
  expect(shown(positions)).toEqual(shown(keeper.positions))
})

test('numbers are stored as they were counted', () => {
  const directory = journalPath()
  const keeper = PositionsWriter.open(directory)
  keeper.apply({ strategy: 's0', symbol: 'Y0', side: 'buy', price: 0.1 + 0.2, quantity: 1e-7 * 3, fee: 1e-9 })
  keeper.close()
  expect(shown(foldPositions(directory).positions)).toEqual(shown(keeper.positions))
})

test('a fill that does not fit into the journal is refused at once', () => {
  const keeper = open(journalPath())
  expect(failureOf(() => keeper.apply({ ...fillOf(0), strategy: 'x'.repeat(33) })).code).toBe('ERR_FIELD_VALUE')
  expect(failureOf(() => keeper.apply({ ...fillOf(0), symbol: 'é' })).code).toBe('ERR_FIELD_VALUE')
  expect(failureOf(() => keeper.apply({ ...fillOf(0), price: '1'.repeat(25) })).code).toBe('ERR_FIELD_VALUE')
  expect(failureOf(() => keeper.apply(fillOf(0), -1)).code).toBe('ERR_INVALID_OPTION')
  expect(failureOf(() => keeper.settle('', 1)).code).toBe('ERR_FIELD_VALUE')
  expect([keeper.waiting, keeper.fold()]).toEqual([0, 0])
})

test('positions with different scales are not mixed', () => {
  const directory = journalPath()
  PositionsWriter.open(directory, { scale: { price: 2, quantity: 0 } }).close()
  expect(failureOf(() => PositionsWriter.open(directory, { scale: { price: 8, quantity: 8 } })).code).toBe(
    'ERR_INVALID_OPTION',
  )
  expect(open(directory).positions.scale).toEqual({ price: 2, quantity: 0 })
})

test('a journal whose fills give other positions than it records is damaged', () => {
  const directory = journalPath()
  const keeper = PositionsWriter.open(directory, { journal: { durability: 'process' } })
  for (let i = 0; i < 16; i++) keeper.apply(fillOf(i))
  keeper.close()
  // Adds one fill that its positions do not include, before the next ones.
  const [writer, reader] = [Writer.open(directory), Reader.open(directory)]
  let record: Record<string, unknown> | undefined
  let definition: Parameters<typeof on>[0] | undefined
  for (const frame of reader) {
    if (frame.definition.name !== 'Position') continue
    record = frame.toObject()
    definition = frame.definition
  }
  reader.close()
  if (definition !== undefined && record !== undefined) writer.write(definition, { ...record, realised: '1' })
  writer.close()
  expect(failureOf(() => foldPositions(directory))).toMatchObject({
    code: 'ERR_CORRUPT_JOURNAL',
    message: expect.stringContaining('realised'),
  })
})

test(
  `killed ${KILLS} times, and continued with the fills that it had not written: each fill counts once`,
  async () => {
    const directory = journalPath()
    const source = journalPath()
    const orders = opened(Writer.open(source, { journalId: 3 }))
    const COUNT = KILLS * 300
    for (let i = 0; i < COUNT; i++) orders.write(Pair, { n: i, note: '' })
    for (let kill = 0; kill <= KILLS; kill++) {
      const child = startChild(
        `
      const { PositionsWriter } = await import('ticktape/trading')
      const fillOf = ${fillOf.toString()}
      const keeper = PositionsWriter.open(dir, { batchMs: 1, snapshotEvery: 64, journal: { pageSize: 65536 } })
      const { lastCause } = keeper
      const reader = Reader.open(args[1], { from: lastCause === undefined ? 'start' : { position: lastCause.position + 2 } })
      say('ready')
      const handlers = on(Pair, t => keeper.apply(fillOf(t.n), t))
      while (reader.poll(handlers, 5) > 0) await new Promise(resolve => setImmediate(resolve))
      await keeper.flush()
      say(keeper.folded); keeper.close(); process.exit()`,
        [directory, source],
      )
      await child.hear()
      if (kill === KILLS) expect(await child.hear()).toBe(COUNT)
      else {
        await sleep(Math.random() * 25)
        expect((await child.kill()).stderr).toBe('')
      }
    }
    const fold = foldPositions(directory)
    expect([fold.folded, fold.lastCause]).toEqual([COUNT, { journal: 3, position: (COUNT - 1) * 2 }])
    expect(shown(fold.positions)).toEqual(folded(COUNT))
  },
  KILLS * 5000 + 60_000,
)
