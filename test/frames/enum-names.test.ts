import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { enumOf, frame, on, Reader, u32, Writer } from 'ticktape'
import { expect, test } from 'vitest'
import { failureOf } from '../support/failures.ts'
import { makeFolder } from '../support/folders.ts'

const Old = frame('State', 1, { n: u32, state: enumOf('on', 'off') })
const New = frame('State', 1, { n: u32, state: enumOf('on', 'off', 'unknown') })

function write(path: string, definition: typeof Old | typeof New, state: string): void {
  using writer = Writer.open(path, { pageSize: 65536 })
  writer.write(definition, { n: 1, state: state as 'on' })
}

function namesOf(path: string): string[] {
  const schema = JSON.parse(readFileSync(join(path, 'schema.json'), 'utf8')) as {
    frames: { fields: { name: string; values?: string[] }[] }[]
  }
  return schema.frames[0].fields.find(field => field.name === 'state')?.values ?? []
}

test('a newer program may add names at the end of an enum: the journal learns them, older frames keep their meaning', () => {
  const path = join(makeFolder('memory'), 'j')
  write(path, Old, 'off')
  write(path, New, 'unknown')
  expect(namesOf(path)).toEqual(['on', 'off', 'unknown'])
  using reader = Reader.open(path)
  const seen: string[] = []
  for (const f of reader) seen.push((f.toObject() as { state: string }).state)
  expect(seen).toEqual(['off', 'unknown'])
})

test('an older program still writes and reads such a journal, and leaves the names there', () => {
  const path = join(makeFolder('memory'), 'j')
  write(path, New, 'on')
  write(path, Old, 'off')
  expect(namesOf(path)).toEqual(['on', 'off', 'unknown'])
  using reader = Reader.open(path)
  const seen: string[] = []
  while (reader.poll(on(Old, f => seen.push(f.state))) > 0);
  expect(seen).toEqual(['on', 'off'])
})

test('an older program that meets a newer name says that a newer program may have written it', () => {
  const path = join(makeFolder('memory'), 'j')
  write(path, New, 'unknown')
  using reader = Reader.open(path)
  expect(failureOf(() => reader.poll(on(Old, f => void f.state)))).toMatchObject({
    code: 'ERR_CORRUPT_JOURNAL',
    message: expect.stringContaining('a newer version of the program') as string,
  })
})

test('names in another order, or renamed, are another definition', () => {
  const path = join(makeFolder('memory'), 'j')
  write(path, Old, 'on')
  const other = frame('State', 1, { n: u32, state: enumOf('off', 'on', 'unknown') })
  using writer = Writer.open(path)
  expect(failureOf(() => writer.begin(other))).toMatchObject({ code: 'ERR_SCHEMA_MISMATCH' })
})

test('a reader that is open learns the names that the journal gets', () => {
  const path = join(makeFolder('memory'), 'j')
  write(path, Old, 'off')
  using reader = Reader.open(path)
  const seen = (): string[] => Array.from(reader, f => (f.toObject() as { state: string }).state)
  expect(seen()).toEqual(['off'])
  write(path, New, 'unknown')
  write(path, New, 'on')
  expect(seen()).toEqual(['unknown', 'on'])
})

test('one list may be longer in the journal, and another one in the program: no name is lost', () => {
  const path = join(makeFolder('memory'), 'j')
  const First = frame('Two', 1, { a: enumOf('x', 'y'), b: enumOf('p') })
  const Second = frame('Two', 1, { a: enumOf('x'), b: enumOf('p', 'q') })
  {
    using writer = Writer.open(path, { pageSize: 65536 })
    writer.write(First, { a: 'y', b: 'p' })
  }
  {
    using writer = Writer.open(path)
    writer.write(Second, { a: 'x', b: 'q' })
  }
  using reader = Reader.open(path)
  expect(Array.from(reader, f => f.toObject())).toMatchObject([
    { a: 'y', b: 'p' },
    { a: 'x', b: 'q' },
  ])
})
