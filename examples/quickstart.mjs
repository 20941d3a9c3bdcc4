// One process writes tickers, another reads them.
//
//     node examples/quickstart.mjs
import { fork } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ascii, f64, frame, on, Reader, Writer } from 'ticktape'

const Ticker = frame('Ticker', 1, { symbol: ascii(16), last: f64, bid: f64, ask: f64, volume: f64 })
const COUNT = 100_000

if (process.argv[2] === undefined) {
  const directory = join(mkdtempSync(join(tmpdir(), 'ticktape-quickstart-')), 'quotes')
  fork(import.meta.filename, [directory]).on('exit', () => rmSync(join(directory, '..'), { recursive: true }))

  const writer = Writer.open(directory)
  for (let i = 0; i < COUNT; i++) {
    const t = writer.begin(Ticker) // fills the frame in place, in the memory both processes share
    t.symbol = 'BTC-USDT'
    t.last = 61_800 + i / 100
    t.bid = t.last - 0.1
    t.ask = t.last
    t.volume = i
    writer.commit() // one store makes it visible
  }
  writer.close()
} else {
  const reader = await Reader.whenReady(process.argv[2])
  const done = new AbortController()
  let seen = 0
  await reader.run(
    on(Ticker, t => {
      if (++seen < COUNT) return
      console.log(`${seen} tickers; the last: ${t.symbol} ${t.bid} / ${t.ask}`)
      done.abort()
    }),
    { signal: done.signal },
  )
  reader.close()
}
