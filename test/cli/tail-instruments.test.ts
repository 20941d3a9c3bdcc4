import { join } from 'node:path'
import { frame, instrument, text, Writer } from 'ticktape'
import { expect, test } from 'vitest'
import { makeFolder } from '../support/folders.ts'
import { PAGE_SIZE, ticktape } from '../support/journals.ts'

test('the symbol of an instrument is shown beside its number, for people and in JSON', () => {
  const directory = join(makeFolder('memory'), 'j')
  const Deal = frame('Deal', 5, { instrument, note: text(24) })
  {
    using writer = Writer.open(directory, { pageSize: PAGE_SIZE })
    writer.addInstruments([
      { number: 1, venue: 'binance', symbol: '币安人生USDT' },
      { number: 2, venue: 'okx', symbol: 'a b' },
    ])
    for (const [number, note] of [
      [1, 'plain'],
      [2, 'two words'],
      [3, '\u009b2J\u202egpj'],
      [0, ''],
    ] as const)
      writer.write(Deal, { instrument: number, note })
  }
  const lines = ticktape('tail', directory).stdout.trimEnd().split('\n')
  expect(lines.map(line => line.slice(line.indexOf('instrument=')))).toEqual([
    'instrument=1 symbol=币安人生USDT note=plain',
    'instrument=2 symbol="a b" note="two words"',
    'instrument=3 symbol=#3 note="\\u{9b}2J\\u{202e}gpj"',
    'instrument=0 symbol="" note=""',
  ])
  expect(JSON.parse(ticktape('tail', directory, '--json').stdout.split('\n')[0])).toMatchObject({
    type: 'Deal',
    instrument: 1,
    symbol: '币安人生USDT',
    note: 'plain',
  })
})
