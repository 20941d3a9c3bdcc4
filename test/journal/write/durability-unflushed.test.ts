import { readdirSync } from 'node:fs'
import { expect, it } from 'vitest'
import { journalPath, openWriter, writeCounts } from '../../support/open.ts'

it("a 'commit' writer that never flushes keeps no more than a few pages open, and makes the old ones durable", async () => {
  const writer = openWriter(journalPath('disk'), { durability: 'commit' })
  const before = readdirSync('/proc/self/fd').length
  for (let page = 0; page < 60; page++) {
    writeCounts(writer, 0, 960)
    await new Promise(resolve => setTimeout(resolve, 5))
  }
  for (const end = performance.now() + 10_000; writer.durable < 50 * 960 && performance.now() < end; )
    await new Promise(resolve => setTimeout(resolve, 20))
  expect(writer.durable).toBeGreaterThanOrEqual(50 * 960)
  expect(readdirSync('/proc/self/fd').length - before).toBeLessThan(20)
})
