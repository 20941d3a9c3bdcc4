import { channel } from 'node:diagnostics_channel'
import { readFileSync } from 'node:fs'
import * as ticktape from 'ticktape'
import { expect, it } from 'vitest'
import { Count } from '../support/frames.ts'
import { journalPath, openReader, openWriter, readNumbers } from '../support/open.ts'

const guide = readFileSync(new URL('../../docs/guide.md', import.meta.url), 'utf8')

/** The constructors of the errors. Each accepts different arguments. */
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

it('the guide lists every name that no field can have, and no other', () => {
  const [, list] = /no field can have them: ([\s\S]*?)\. The types/.exec(guide) ?? []
  const documented = [...(list ?? '').matchAll(/`(\w+)`/g)].map(([, name]) => name)
  const source = readFileSync(new URL('../../src/frames/definition.ts', import.meta.url), 'utf8')
  const [, reserved] = /RESERVED_NAMES = \[([^\]]*)\]/.exec(source) ?? []
  const actual = [...(reserved ?? '').matchAll(/'(\w+)'/g)].map(([, name]) => name).concat('toJSON')
  expect(actual.length).toBeGreaterThan(5)
  expect(documented.sort()).toEqual(actual.sort())
  for (const name of actual) {
    const fields = Object.fromEntries([[name, ticktape.f64]])
    const define = () => ticktape.frame('Bad', 1, fields)
    if (name !== '__proto__') expect(define, name).toThrow(`cannot have a field '${name}'`)
  }
})

it('the guide is right about frames that are refused', () => {
  const directory = journalPath()
  const writer = openWriter(directory)
  const prices = ['1', '2', 'none', '4']
  const reported: string[] = []
  for (const price of prices) {
    const count = writer.begin(Count)
    try {
      count.n = price === 'none' ? (price as never) : Number(price)
      writer.commit()
    } catch {
      writer.abort()
      reported.push(price)
    }
  }
  expect(reported).toEqual(['none'])
  expect(readNumbers(openReader(directory))).toEqual([1, 2, 4])
})
