import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { AgeClock } from '../../../dist/journal/retain/age-clock.js'
import { runChild } from '../../support/child.ts'
import { journalPath } from '../../support/open.ts'

const CLOCK = fileURLToPath(new URL('../../fixtures/clock.mjs', import.meta.url))

/** What the pages of a journal are after its writer, with `retain: { age: a day }`, wrote two pages with a clock that was ahead by this. */
async function pagesAfter(aheadNs: number): Promise<number[]> {
  const directory = journalPath()
  const { stderr } = await runChild(
    `
    const { setTimeout } = await import('node:timers/promises')
    const writer = Writer.open(dir, { pageSize: 65536, timestamps: false, retain: { age: 86400e3 } })
    const started = BigInt(Date.now()) * 1000000n
    let written = 0
    const fill = pages => {
      const end = written + pages * writer.pageSlots
      for (; written < end; written++) writer.write(Count, { n: written }, { time: started })
    }
    fill(6)
    await setTimeout(50)
    setClockBack(${-aheadNs})
    fill(2)
    await setTimeout(50)
    setClockBack(0)
    fill(1)
    await setTimeout(50)
    writer.close()`,
    [directory],
    ['--import', CLOCK],
  )
  expect(stderr).toBe('')
  return readdirSync(directory)
    .filter(name => name.endsWith('.page'))
    .map(name => Number.parseInt(name, 10))
    .sort((a, b) => a - b)
}

test('a clock that is a year ahead for two pages makes no page old', async () => {
  expect((await pagesAfter(365 * 86_400e9))[0]).toBe(0)
})

test('time that really passes makes pages old, and a clock that is behind keeps them longer', () => {
  let wall = 1_000_000_000n
  let steady = 5
  const clock = new AgeClock(
    () => wall,
    () => steady,
  )
  expect(clock.now()).toBe(1_000_000_000n)
  wall += 2_000_000n
  steady += 2
  expect(clock.now()).toBe(1_002_000_000n)
  wall += 10n ** 18n // put ahead
  steady += 1
  expect(clock.now()).toBe(1_003_000_000n)
  wall = 900_000_000n // set back
  expect(clock.now()).toBe(900_000_000n)
})
