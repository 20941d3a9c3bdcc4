import { expect, it } from 'vitest'
import { runChild } from '../support/child.ts'
import { journalPath } from '../support/open.ts'

const FRAMES = 2_000_000
/** Bytes a frame: what a page that begins costs, shared among its frames, stays far below; the smallest object is 12. */
const NOTHING = 0.5

/** Measures how much the heap grows while frames pass; nothing is collected meanwhile. */
const MEASURE = `
import v8 from 'node:v8'
const { instrument, text } = ticktape
const Quote = frame('Quote', 1, { instrument, leg: instrument, price: f64, note: text(24) })
const count = Number(args[1])
const writer = Writer.open(dir, { frames: [Quote] })
writer.addInstruments([
  { number: 1, venue: 'binance', symbol: '币安人生USDT' },
  { number: 2, venue: 'okx', symbol: 'BTC-USD-261225-120000-C' },
  { number: 4_000_000_000, venue: 'okx', symbol: 'HIGH' },
])
const kept = [{}]
const WARM = 300_000
function grown(body) {
  body(WARM)
  global.gc()
  const before = v8.getHeapStatistics().used_heap_size
  body(count)
  return (v8.getHeapStatistics().used_heap_size - before) / count
}
const notes = ['币安人生', 'plain', '🚀', 'é']
// V8 may make an object of a number that it passes to a setter and that has more than 31 bits: those are read here, not written.
const numbers = [1, 2, 3, 4]
function write(frames) {
  for (let i = 0; i < frames; i++) {
    const q = writer.begin(Quote)
    q.instrument = numbers[i & 3]; q.leg = 7; q.price = 0.5; q.note = notes[i & 3]
    writer.commit()
  }
}
const read = { symbol: 0, leg: 0, note: 0 }
const polled = handlers => {
  const reader = Reader.open(dir, { from: { position: count + 300_000 } })
  return grown(frames => { for (let seen = 0; seen < frames; ) seen += reader.poll(handlers, 256) })
}
const result = { write: grown(write) }
numbers[2] = 4_000_000_000
numbers[3] = 4_100_000_000
write(count + 400_000) // a poll may read a few more than are asked for
result.symbol = polled(on(Quote, q => { if (q.symbol === 'HIGH') read.symbol++ }))
result.unknownSymbol = polled(on(Quote, q => { if (q.legSymbol === '#7') read.leg++ }))
result.note = polled(on(Quote, q => { if (q.note === '🚀') read.note++ }))
result.noteAllocating = polled(on(Quote, q => { kept[0] = { note: q.note } }))
say({ ...result, read })
writer.close()
process.exit()
`

it('reading the symbol of an instrument, and reading or writing text, allocates nothing; and the test detects an allocation', async () => {
  const { said, stderr } = await runChild(
    MEASURE,
    [journalPath(), FRAMES],
    ['--expose-gc', '--min-semi-space-size=256', '--max-semi-space-size=256'],
  )
  expect(stderr).toBe('')
  const [{ read, ...bytes }] = said as [{ read: Record<string, number> } & Record<string, number>]
  console.log(`bytes allocated per frame: ${JSON.stringify(bytes)}`)
  for (const path of ['write', 'symbol', 'unknownSymbol', 'note']) expect(bytes[path], path).toBeLessThan(NOTHING)
  expect(bytes['noteAllocating']).toBeGreaterThan(10)
  const all = FRAMES + 300_000
  expect(read['leg']).toBeGreaterThanOrEqual(all)
  for (const name of ['symbol', 'note']) expect(read[name]).toBeGreaterThanOrEqual(Math.floor(all / 4))
}, 120_000)
