// A user's first program, run by pack-check.mjs against the installed package: it writes a frame and reads it back.
import assert from 'node:assert/strict'
import { ascii, f64, frame, Reader, Writer } from 'ticktape'

for (const name of ['runtime', 'trading', 'state', 'testing']) {
  assert(Object.keys(await import(`ticktape/${name}`)).length > 0, `ticktape/${name} exports nothing`)
}

const Ticker = frame('Ticker', 1, { symbol: ascii(16), last: f64 })
const folder = process.argv[2]

const writer = Writer.open(folder)
writer.write(Ticker, { symbol: 'BTC-USDT', last: 61800.5 })
const reader = Reader.open(folder, { from: 'start' })
const read = []
for (const view of reader) read.push(view.toObject())
reader.close()
writer.close()

assert.equal(read.length, 1)
assert.equal(read[0].symbol, 'BTC-USDT')
assert.equal(read[0].last, 61800.5)
