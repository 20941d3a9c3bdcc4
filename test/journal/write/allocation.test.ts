import { describe, expect, it } from 'vitest'
import { runChild } from '../../support/child.ts'
import { journalPath } from '../../support/open.ts'

const FRAMES = 2_000_000
/** Bytes per frame. The cost of a new page, divided by its frames, is far lower; the smallest object has 12 bytes. */
const NOTHING = 0.5

/**
 * Measures how much the heap grows while `FRAMES` frames are written and read. The young generation is so large that no collection runs
 * meanwhile, so all allocated bytes are still counted.
 */
const MEASURE = `
import v8 from 'node:v8'
const Tick = frame('Tick', 1, { symbol: ascii(16), last: f64, bid: f64, ask: f64, volume: f64 })
const count = Number(args[1])
let writer = Writer.open(dir, { frames: [Tick, Pair] })
const kept = [{}, {}]
function grown(body) {
  body(500_000)
  global.gc()
  const before = v8.getHeapStatistics().used_heap_size
  body(count)
  return (v8.getHeapStatistics().used_heap_size - before) / count
}
const symbols = ['BTC-USDT', 'ETH-USDT', 'SOL-USDT']
function writeTicks(frames) {
  for (let i = 0; i < frames; i++) {
    const t = writer.begin(Tick)
    t.symbol = symbols[i % 3]; t.last = 0.5; t.bid = 0.25; t.ask = 0.75; t.volume = 3
    writer.commit()
  }
}
const totals = new Float64Array(4)
const handlers = on(Tick, t => { totals[0] += t.last; totals[1] += t.ask; if (t.symbol === 'ETH-USDT') totals[2]++ })
const greedy = on(Tick, t => { kept[0] = { last: t.last } })
const result = {}
result.write = grown(writeTicks)
result.writeAllocating = grown(frames => { for (let i = 0; i < frames; i++) { kept[1] = { i }; writer.begin(Tick).last = 0.5; writer.commit() } })
const ticks = symbols.map(symbol => ({ symbol, last: 0.5, bid: 0.25, ask: 0.75, volume: 3 }))
result.object = grown(frames => { for (let i = 0; i < frames; i++) writer.write(Tick, ticks[i % 3]) })
const three = () => { for (let i = 0; i < 3; i++) writer.write(Tick, ticks[i]) }
result.atomic = grown(frames => { for (let i = 0; i < frames; i += 3) writer.atomic(3, three) })
result.corked = grown(frames => { for (let i = 0; i < frames; i += 100) { writer.cork(); writeTicks(100); writer.uncork() } })
const polled = handlers => {
  const reader = Reader.open(dir)
  return grown(frames => { for (let seen = 0; seen < frames; ) seen += reader.poll(handlers, 256) })
}
result.poll = polled(handlers)
result.pollAllocating = polled(greedy)
result.pollWide = await (async () => {
  const names = Array.from({ length: 12 }, (_, i) => 'f' + i)
  const Wide = frame('Wide', 9, Object.fromEntries(names.map(name => [name, f64])), { slots: 2 })
  const wide = Writer.open(dir + '-wide', { frames: [Wide] })
  for (let i = 0; i < count; i++) { const w = wide.begin(Wide); w.f0 = i + 0.5; w.f11 = i + 0.25; wide.commit() }
  const sums = new Float64Array(1)
  const all = on(Wide, w => {
    sums[0] += w.f0 + w.f1 + w.f2 + w.f3 + w.f4 + w.f5 + w.f6 + w.f7 + w.f8 + w.f9 + w.f10 + w.f11
  })
  const grow = from => {
    const reader = Reader.open(dir + '-wide')
    for (let seen = 0; seen < from; ) seen += reader.poll(all, 256)
    global.gc()
    const before = v8.getHeapStatistics().used_heap_size
    let seen = 0
    for (let frames; (frames = reader.poll(all, 256)) > 0; ) seen += frames
    return (v8.getHeapStatistics().used_heap_size - before) / seen
  }
  return grow(count / 2)
})()
const idle = Reader.open(dir, { from: 'end' })
result.pollNothing = grown(frames => { for (let i = 0; i < frames; i++) idle.poll(handlers) })
say(result)
writer.close()
process.exit()
`

describe('the hot path allocates nothing', () => {
  it('in begin and commit, in write, atomic, cork and uncork, and in poll; and the test detects an allocation', async () => {
    const result = await runChild(
      MEASURE,
      [journalPath(), FRAMES],
      ['--expose-gc', '--min-semi-space-size=256', '--max-semi-space-size=256'],
    )
    expect(result.stderr).toBe('')
    const [bytes] = result.said as [Record<string, number>]
    console.log(`bytes allocated per frame: ${JSON.stringify(bytes)}`)
    for (const path of ['write', 'object', 'atomic', 'corked', 'poll', 'pollWide', 'pollNothing'])
      expect(bytes[path], path).toBeLessThan(NOTHING)
    for (const path of ['writeAllocating', 'pollAllocating']) expect(bytes[path], path).toBeGreaterThan(10)
  }, 120_000)
})
