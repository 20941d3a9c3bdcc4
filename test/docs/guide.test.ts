import { channel } from 'node:diagnostics_channel'
import { readFileSync } from 'node:fs'
import * as ticktape from 'ticktape'
import { expect, it } from 'vitest'

const guide = readFileSync(new URL('../../docs/guide.md', import.meta.url), 'utf8')

/** Constructors of the errors, which take their own kinds of arguments. */
type ErrorClass = new (message: string, second?: unknown, third?: unknown) => ticktape.TicktapeError

it('the guide lists every error class with its code, and no other', () => {
  const documented = [...guide.matchAll(/^\| `(\w+Error)` \| `(ERR_\w+)` \|/gm)].map(row => `${row[1]} ${row[2]}`)
  const classes = Object.entries(ticktape).filter(([name]) => name.endsWith('Error') && name !== 'TicktapeError')
  const actual = classes.map(([name, value]) => `${name} ${new (value as unknown as ErrorClass)('').code}`)
  expect(documented.sort()).toEqual(actual.sort())
})

it('the guide lists every diagnostics channel', () => {
  const documented = [...guide.matchAll(/^\| `(ticktape:[\w.-]+)` \|/gm)].map(row => row[1])
  const source = readFileSync(new URL('../../src/journal/diagnostics.ts', import.meta.url), 'utf8')
  const actual = [...source.matchAll(/channel\('(ticktape:[\w.-]+)'\)/g)].map(match => match[1])
  expect(actual.length).toBeGreaterThan(0)
  expect(documented.sort()).toEqual(actual.sort())
  for (const name of actual) expect(channel(name).name).toBe(name)
})
