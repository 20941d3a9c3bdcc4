/** A positions journal stores all values of `Positions`, also long decimals and currencies, besides the frames of older journals. */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { Reader, Writer } from 'ticktape'
import { type Fill, foldPositions, Positions, PositionsWriter } from 'ticktape/trading'
import { expect, test } from 'vitest'
import { failureOf } from '../../support/failures.ts'
import { makeFolder } from '../../support/folders.ts'
import { opened } from '../../support/state.ts'

function journalPath(): string {
  return join(makeFolder('memory'), 'journal')
}

/** All books with their fees and currencies, as texts. */
function shown(positions: Positions): unknown {
  const owners = [
    ...positions.owners('strategy').map(strategy => ({ strategy })),
    ...positions.owners('account').map(account => ({ account })),
    'total' as const,
  ]
  return owners.map(owner => [
    owner,
    Object.fromEntries(positions.summaries(owner)),
    ...positions.symbols(owner).map(symbol => {
      const position =
        owner === 'total'
          ? positions.total(symbol)
          : 'strategy' in owner
            ? positions.get(owner.strategy, symbol)
            : positions.account(owner.account, symbol)
      return [symbol, String(Object.entries(position)), [...position.feesByCurrency], positions.currencies(symbol)]
    }),
  ])
}

function names(directory: string): Set<string> {
  const found = new Set<string>()
  const reader = Reader.open(directory)
  for (const frame of reader) found.add(frame.definition.name)
  reader.close()
  return found
}

const FINE = { price: 18, quantity: 18 }
const long: Fill = {
  strategy: 's',
  symbol: 'ETH',
  side: 'buy',
  price: '100000.123456789012345678',
  quantity: '100000.123456789012345678',
  fee: '0.000000000000000000000000000000000001',
}

test('18 decimals are as exact in the journal as in memory', () => {
  const directory = journalPath()
  const keeper = PositionsWriter.open(directory, { scale: FINE })
  const positions = new Positions({ scale: FINE })
  for (const fill of [
    long,
    { ...long, side: 'sell', quantity: '33333.000000000000000001', price: '99999999999999999999999.5' } as const,
  ]) {
    keeper.apply(fill)
    positions.apply(fill)
  }
  keeper.fold()
  keeper.settle('ETH', '100000.000000000000000001')
  positions.settle('ETH', '100000.000000000000000001')
  expect(shown(keeper.positions)).toEqual(shown(positions))
  keeper.close()
  expect(shown(foldPositions(directory).positions)).toEqual(shown(positions))
  expect(shown(opened(PositionsWriter.open(directory)).positions)).toEqual(shown(positions))
  expect([...names(directory)].toSorted()).toEqual(['PositionsSnapshot', 'WideFill', 'WidePosition', 'WideSettlement'])
})

test('a fill with the longest texts is accepted, and a longer one is refused', () => {
  const directory = journalPath()
  const keeper = PositionsWriter.open(directory, { scale: FINE })
  const most = `${'9'.repeat(24)}.${'9'.repeat(18)}`
  for (let i = 0; i < 40; i++)
    keeper.apply({
      ...long,
      side: i % 3 === 0 ? 'sell' : 'buy',
      price: most,
      quantity: most,
      fee: `-${'9'.repeat(24)}.${'9'.repeat(36)}`,
    })
  expect(failureOf(() => keeper.apply({ ...long, price: `1${most}` })).code).toBe('ERR_FIELD_VALUE')
  expect(failureOf(() => keeper.settle('ETH', `1${most}`)).code).toBe('ERR_FIELD_VALUE')
  keeper.close()
  expect(shown(foldPositions(directory).positions)).toEqual(shown(keeper.positions))
})

const fills: Fill[] = [
  {
    strategy: 'a',
    account: 'one',
    symbol: 'BTC',
    base: 'BTC',
    quote: 'USDT',
    side: 'buy',
    price: '60000',
    quantity: '2.54',
    fee: '0.00254',
    feeCurrency: 'BTC',
  },
  {
    strategy: 'b',
    account: 'one',
    symbol: 'BTC',
    side: 'buy',
    price: '60001',
    quantity: '1',
    fee: '0.01',
    feeCurrency: 'BNB',
  },
  {
    strategy: 'a',
    account: 'two',
    symbol: 'ETH',
    base: 'ETH',
    quote: 'BTC',
    side: 'sell',
    price: '0.05',
    quantity: '3',
    fee: '0.001',
  },
  {
    strategy: 'a',
    account: 'one',
    symbol: 'BTC',
    side: 'sell',
    price: '61000',
    quantity: '2.53746',
    fee: '3',
    feeCurrency: 'USDT',
  },
  { strategy: 'b', account: 'two', symbol: 'X', side: 'buy', price: '1', quantity: '1', fee: '0.5' },
]

test('currencies and fees in them are in the journal', () => {
  const directory = journalPath()
  const positions = new Positions()
  const keeper = PositionsWriter.open(directory, { batch: 2 })
  for (const fill of fills) {
    keeper.apply(fill)
    positions.apply(fill)
  }
  keeper.close()
  const folded = foldPositions(directory)
  expect([folded.folded, shown(folded.positions)]).toEqual([fills.length, shown(positions)])
  expect(folded.positions.get('a', 'BTC').quantity).toBe('0')
})

test('fills that are not written yet already fix the currencies of their symbol', () => {
  const keeper = opened(PositionsWriter.open(journalPath()))
  keeper.apply(fills[0])
  expect(failureOf(() => keeper.apply({ ...fills[0], quote: 'EUR' })).code).toBe('ERR_FIELD_VALUE')
  keeper.apply(fills[1])
  expect([keeper.waiting, keeper.fold(), keeper.positions.total('BTC').quantity]).toEqual([2, 2, '3.53746'])
})

test('a journal without its beginning has currencies and fees from a snapshot', () => {
  const directory = journalPath()
  const keeper = PositionsWriter.open(directory, { batch: 1, snapshotEvery: 20, journal: { pageSize: 64 * 1024 } })
  const positions = new Positions()
  for (let i = 0; i < 400; i++) {
    keeper.apply(fills[i % fills.length])
    positions.apply(fills[i % fills.length])
  }
  keeper.close()
  for (const page of [0, 1]) rmSync(join(directory, `${String(page).padStart(10, '0')}.page`))
  const folded = foldPositions(directory)
  expect([folded.folded, shown(folded.positions)]).toEqual([400, shown(positions)])
})

test('a recorded fee that does not follow from the fills is damage', () => {
  const directory = journalPath()
  const keeper = PositionsWriter.open(directory)
  for (const fill of fills) keeper.apply(fill)
  keeper.close()
  const [writer, reader] = [Writer.open(directory), Reader.open(directory)]
  let copy: (() => void) | undefined
  for (const frame of reader) {
    if (frame.definition.name !== 'PositionFee') continue
    const [definition, values] = [frame.definition, { ...frame.toObject(), amount: '1' }]
    copy = () => void writer.write(definition, values)
  }
  reader.close()
  copy?.()
  writer.close()
  expect(failureOf(() => foldPositions(directory))).toMatchObject({
    code: 'ERR_CORRUPT_JOURNAL',
    message: expect.stringMatching(/fees in \w+ of/),
  })
})

test('fills that fit the older frames are written in them, so that older journals and readers still work', () => {
  const directory = journalPath()
  const keeper = PositionsWriter.open(directory)
  keeper.apply(fills[4])
  keeper.settle('X', '2')
  keeper.close()
  expect([...names(directory)].toSorted()).toEqual(['Fill', 'Position', 'PositionsSnapshot', 'Settlement'])
  const again = PositionsWriter.open(directory)
  again.apply(fills[0])
  again.close()
  expect(shown(foldPositions(directory).positions)).toEqual(shown(again.positions))
})
