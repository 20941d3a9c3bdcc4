import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { Control, Frame, Page, ReaderSlot } from '../../dist/frames/format.js'

const text = readFileSync(new URL('../../docs/format.md', import.meta.url), 'utf8')

/** All tables of docs/format.md that have offsets: name → offset. */
function tables(): Map<string, number>[] {
  const found: Map<string, number>[] = []
  let table: Map<string, number> | undefined
  for (const line of text.split('\n')) {
    if (line.startsWith('| offset | size | name |')) {
      table = new Map()
      found.push(table)
    } else if (!line.startsWith('|')) {
      table = undefined
    } else {
      const row = /^\| (\d+) \| \d+ \| ([A-Z_]+) \|/.exec(line)
      if (row !== null) table?.set(row[2], Number(row[1]))
    }
  }
  return found
}

/** The offsets in a group of constants: those that are not a size, a count or a limit. */
function offsets(group: Record<string, number>): Map<string, number> {
  const sizes = /^(HEADER_SIZE|MIN_|MAX_|DEFAULT_|IDENTITY_SIZE|MARK_COUNT|SMALL_|LARGE_|NAME_SIZE|SIZE$)/
  return new Map(Object.entries(group).filter(([name]) => !sizes.test(name)))
}

describe('docs/format.md', () => {
  const [page, small, large, control, reader] = tables()

  it('lists every kind of field, and no other', () => {
    const [, schema = ''] = text.split('\n## Schema\n')
    const rows = [...schema.split('\n## ')[0].matchAll(/^\| ((?:`\w+` ?)+)\|/gm)]
    const documented = rows.flatMap(([, cell]) => [...cell.matchAll(/`(\w+)`/g)].map(([, kind]) => kind))
    const source = readFileSync(new URL('../../src/frames/field.ts', import.meta.url), 'utf8')
    const [, union = ''] = /export type FieldKind =([^]*?)\n\n/.exec(source) ?? []
    const actual = [...union.matchAll(/'(\w+)'/g)].map(([, kind]) => kind)
    expect(actual.length).toBeGreaterThan(13)
    expect(documented.sort()).toEqual(actual.sort())
  })

  it('has the five tables of the format', () => {
    expect(tables()).toHaveLength(5)
  })

  it.each([
    ['the page header', () => page, Page],
    ['the frame header', () => new Map([...small, ...large]), Frame],
    ['the control file', () => control, Control],
    ['the reader slot', () => reader, ReaderSlot],
  ])('has the values of the code for %s', (_, documented, constants) => {
    expect(Object.fromEntries(documented())).toEqual(Object.fromEntries(offsets(constants)))
  })
})
