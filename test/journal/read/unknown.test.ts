import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { f64, frame } from 'ticktape'
import { expect, it } from 'vitest'
import { openReader, openWriter } from '../../support/open.ts'

const Small = frame('Small', 40_000, { n: f64 })
const Large = frame('Large', 41, { n: f64 }, { slots: 2 })

it('frames whose definition is lost still have their headers', () => {
  const writer = openWriter()
  writer.write(Small, { n: 1.5 })
  writer.write(Large, { n: 2.5 }, { source: 7, dest: 8, cause: 9 })
  writer.write(Small, { n: 3.5 })
  rmSync(join(writer.path, 'schema.json'))
  const seen = [...openReader(writer.path)].length
  const headers: unknown[] = []
  for (const f of openReader(writer.path)) headers.push([f.type, f.slots, f.source, f.dest, f.cause, f.toObject()])
  expect(seen).toBe(3)
  expect(headers).toEqual([
    [40_000, 1, undefined, undefined, undefined, {}],
    [41, 2, 7, 8, 9, {}],
    [40_000, 1, undefined, undefined, undefined, {}],
  ])
})
