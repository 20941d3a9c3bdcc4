import { describe, expect, it } from 'vitest'
import { runChild } from '../../support/child.ts'
import { makeFolder } from '../../support/folders.ts'

/**
 * Calls every method of every public object, in every state, with every kind of bad argument, in a separate process that must survive all
 * of it. Each call returns a value or throws an error. For misuse the error is one of the library, with a code.
 */
const MATRIX = `
import { mkdtempSync } from 'node:fs'
import { join } from 'node:path'
const { TicktapeError, FrameDefinition, Handlers, enumOf } = ticktape
const root = args[0]
process.chdir(root) // Some invalid arguments are valid names of folders.
const handlers = on(Count, f => f.n).otherwise(f => f.type)

const bad = () => [
  undefined, null, 0, -1, 1.5, NaN, Infinity, 2 ** 53, '', 'x', 'a\\0b', 5n, -1n, true, false, Symbol('s'), {}, [], [undefined], () => {},
  Object.create(null), new Proxy({}, { get() { throw new Error('of a proxy') } }), new Date(NaN), new Uint8Array(2 ** 16), new SharedArrayBuffer(8),
  Object.create(FrameDefinition.prototype), Object.create(Handlers.prototype), Object.create(Writer.prototype), { position: 2 ** 60 }, { time: 'x' }, { name: 5 },
  { get n() { throw new Error('of a getter') } }, { then: 5 }, { n: Symbol('n') }, { cause: {} }, { signal: {} }, AbortSignal.abort(), Writer, Reader, ticktape,
]
/** Valid arguments, so that only the other argument is wrong. */
const right = [Count, handlers, 5, 'end']

function journal() {
  return mkdtempSync(join(root, 'j-'))
}
function newWriter() {
  return Writer.open(journal(), { pageSize: 65536 })
}
function fullJournal() {
  const writer = newWriter()
  for (let n = 0; n < 1500; n++) writer.write(Count, { n })
  return writer
}
const writerStates = {
  new: newWriter,
  written: fullJournal,
  begun: () => { const writer = fullJournal(); writer.begin(Count); return writer },
  corked: () => { const writer = fullJournal(); writer.cork(); return writer },
  closed: () => { const writer = fullJournal(); writer.close(); return writer },
  'closed while begun': () => { const writer = fullJournal(); writer.begin(Count); writer.close(); return writer },
}
const readerStates = {
  new: () => Reader.open(fullJournal().path),
  named: () => Reader.open(fullJournal().path, { from: { name: 'x' } }),
  iterating: () => { const reader = Reader.open(fullJournal().path); reader[Symbol.iterator]().next(); return reader },
  'at its end': () => Reader.open(fullJournal().path, { from: 'end' }),
  'its writer closed': () => { const writer = fullJournal(); writer.close(); return Reader.open(writer.path) },
  closed: () => { const reader = Reader.open(fullJournal().path); reader.close(); return reader },
  'closed while iterating': () => { const reader = Reader.open(fullJournal().path); reader[Symbol.iterator]().next(); reader.close(); return reader },
}
const mergedStates = {
  new: () => MergedReader.open([fullJournal().path, fullJournal().path]),
  iterating: () => { const reader = MergedReader.open([fullJournal().path]); reader[Symbol.iterator]().next(); return reader },
  closed: () => { const reader = MergedReader.open([fullJournal().path]); reader.close(); return reader },
}
const views = {
  read: () => { let kept; Reader.open(fullJournal().path).poll(on(Count, f => (kept = f)), 1); return kept },
  iterated: () => Reader.open(fullJournal().path)[Symbol.iterator]().next().value,
  written: () => { const writer = newWriter(); const view = writer.begin(Count); writer.commit(); return view },
  writing: () => newWriter().begin(Pair),
  'of a closed writer': () => { const writer = newWriter(); const view = writer.begin(Pair); writer.close(); return view },
  'of a closed reader': () => { const reader = Reader.open(fullJournal().path); const view = reader[Symbol.iterator]().next().value; reader.close(); return view },
}

let calls = 0
const codes = {}
const foreign = {}
const note = (error, where) => {
  if (error instanceof TicktapeError) codes[error.code] = (codes[error.code] ?? 0) + 1
  else foreign[where + ': ' + String(error?.message ?? error)] = 1
}
/** Returned values are used as well: promises are awaited, and iterators are advanced once. */
const pending = []
function call(where, body) {
  calls++
  try {
    const value = body()
    if (value instanceof Promise) pending.push(value.catch(error => note(error, where)))
    else if (typeof value?.next === 'function') {
      const next = value.next()
      if (next instanceof Promise) { pending.push(Promise.race([next.catch(error => note(error, where)), sleep(20)])); value.return?.() }
    }
  } catch (error) {
    note(error, where)
  }
}
function members(object) {
  const names = new Set()
  for (let at = object; at !== null && at !== Object.prototype; at = Object.getPrototypeOf(at)) {
    for (const name of Reflect.ownKeys(at)) {
      const { get, value } = Object.getOwnPropertyDescriptor(at, name)
      // Methods that are private in TypeScript can be called from JavaScript, but TypeScript refuses that.
      if (name !== 'constructor' && (get !== undefined || typeof value === 'function')) names.add(name)
    }
  }
  return [...names]
}
const PUBLIC = {
  writer: ['position', 'durable', 'begin', 'commit', 'abort', 'write', 'cork', 'uncork', 'batch', 'atomic', 'flush', 'prune', 'close', Symbol.dispose],
  reader: ['poll', Symbol.iterator, Symbol.asyncIterator, 'follow', 'run', 'position', 'lag', 'seek', 'close', Symbol.dispose],
  merged: ['poll', Symbol.iterator, Symbol.asyncIterator, 'run', 'positions', 'lag', 'close', Symbol.dispose],
}

async function exercise(kind, states, names) {
  for (const [state, make] of Object.entries(states)) {
    for (const name of names) {
      const where = kind + ' ' + state + ' ' + String(name)
      const argumentLists = [[], ...bad().map(value => [value]), ...right.flatMap(value => bad().slice(0, 14).map(other => [value, other]))]
      let object
      let uses = 0
      for (const list of argumentLists) {
        if (object === undefined || uses++ % 200 === 0) { try { object?.close?.() } catch (error) { note(error, where) } object = make() }
        if (!(name in object)) continue
        // A run with valid handlers waits forever unless it is stopped.
        if (name === 'run') setTimeout((reader => () => reader.close?.())(object), 5)
        call(where, () => {
          const member = object[name]
          return typeof member === 'function' ? member.apply(object, list) : member
        })
      }
      if (name === 'run') await sleep(10)
      try { object.close?.() } catch (error) { note(error, where) }
    }
    global.gc?.()
  }
  await Promise.all(pending.splice(0))
}

await exercise('writer', writerStates, PUBLIC.writer)
await exercise('reader', readerStates, PUBLIC.reader)
await exercise('merged', mergedStates, PUBLIC.merged)

for (const [state, make] of Object.entries(views)) {
  for (const value of bad()) {
    const view = make()
    for (const name of members(view)) {
      call('view ' + state + ' ' + String(name), () => (typeof view[name] === 'function' ? view[name](value) : view[name]))
      call('view ' + state + ' set ' + String(name), () => { view[name] = value })
    }
  }
}
for (const first of [...bad(), ...right]) {
  for (const open of [Writer.open, Reader.open, Reader.whenReady, MergedReader.open, frame, ascii, bytes, enumOf, on, ticktape.ageOf]) {
    call(open.name, () => open.call(Writer.open === open ? Writer : MergedReader.open === open ? MergedReader : Reader, first))
    for (const second of bad().slice(0, 14)) {
      if (open === Reader.whenReady) continue
      call(open.name, () => open.call(Writer.open === open ? Writer : MergedReader.open === open ? MergedReader : Reader, first, second, second))
    }
  }
  for (const Class of [Writer, Reader, MergedReader, FrameDefinition, Handlers]) call('new ' + Class.name, () => { new Class(first) })
}
for (const value of bad()) call('Handlers', () => new Handlers().on(value, value))
for (const value of bad()) call('otherwise', () => new Handlers().otherwise(value))
await Promise.race([Promise.all(pending), sleep(500)])
say({ calls, codes, foreign: Object.keys(foreign) })
process.exit()
`

describe('the misuse matrix', () => {
  it('gives values and errors with codes, and never ends the process', async () => {
    const result = await runChild(MATRIX, [makeFolder('memory')], ['--expose-gc', '--unhandled-rejections=strict'])
    expect(result.stderr).toBe('')
    expect(result).toMatchObject({ code: 0, signal: null })
    const [{ calls, codes, foreign }] = result.said as [
      { calls: number; codes: Record<string, number>; foreign: string[] },
    ]
    console.log(`${calls} calls: ${JSON.stringify(codes)}`)
    expect(calls).toBeGreaterThan(5000)
    expect(codes['ERR_CLOSED']).toBeGreaterThan(500)
    expect(codes['ERR_INVALID_OPTION']).toBeGreaterThan(500)
    // Errors that the caller's own code throws are passed on unchanged: those of getters, proxies and bodies. A store to a property that is
    // not a field is a TypeError, and so is a call of a private constructor.
    const ours = foreign.filter(
      text =>
        !/of a (getter|proxy)|Cannot (set property|add property|assign)|object is not extensible|cannot be invoked without 'new'|^new (Writer|MergedReader)/.test(
          text,
        ),
    )
    expect(ours).toEqual([])
  }, 60_000)
})
