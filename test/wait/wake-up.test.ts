import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { startChild } from '../support/child.ts'
import { Count } from '../support/frames.ts'
import { openWriter } from '../support/open.ts'

const FRAMES = 1500
/** ms. After a lost wake-up a reader checks again after a second. */
const LOST = 700

const SLEEPER = `
const [, frames] = args
const reader = Reader.open(dir)
let worst = 0
let count = 0
const stop = new AbortController()
say('ready')
await reader.run(on(Count, f => {
  worst = Math.max(worst, ticktape.ageOf(f) / 1e6)
  if (++count === Number(frames)) stop.abort()
}), { signal: stop.signal })
say(worst)
process.exit()
`

it('a frame wakes a process that is about to sleep, at any moment', async () => {
  const writer = openWriter()
  const child = startChild(SLEEPER, [writer.path, FRAMES])
  expect(await child.hear()).toBe('ready')
  // A reader spins for some 50 µs before it announces its sleep: the frames are written around that time.
  const pause = (us: number): void => {
    const end = performance.now() + us / 1000
    while (performance.now() < end) {
      // The time has not come yet.
    }
  }
  for (let n = 0; n < FRAMES; n++) {
    writer.write(Count, { n })
    pause(40 + ((n * 7) % 160))
    if (n % 50 === 0) await sleep(1)
  }
  const worst = (await child.hear()) as number
  console.log(`the latest frame was ${worst.toFixed(1)} ms old`)
  expect(worst).toBeLessThan(LOST)
}, 30_000)
