/**
 * Reads the machine code that V8 prints for the loops that write and read. The rules of the format require an order of loads and stores,
 * and on processors that keep the order of stores the cursor is published by an ordinary store.
 */
import { spawnSync } from 'node:child_process'
import { expect, it } from 'vitest'
import { journalPath } from '../../support/open.ts'

const PROGRAM = `
import { f64, frame, on, Reader, Writer } from 'ticktape'
const Pair = frame('Pair', 2, { a: f64, b: f64 })
const writer = Writer.open(process.argv[1], { frames: [Pair], timestamps: false })
function writeMany(count) {
  for (let i = 0; i < count; i++) {
    const frame = writer.begin(Pair)
    frame.a = i
    frame.b = 1
    writer.commit()
  }
}
const reader = Reader.open(process.argv[1])
let sum = 0
const handlers = on(Pair, frame => { sum += frame.a })
for (let turn = 0; turn < 40; turn++) {
  writeMany(5000)
  while (reader.poll(handlers, 256) > 0);
}
reader.close()
writer.close()
`

/** Offsets in a page and in `control`, from docs/format.md. */
const CURSOR = /\+0x80\]/
const SLEEPERS = /\+0x100\]/

/** The instructions of a function's optimised code, from its last listing. */
function codeOf(name: string): string[] {
  // V8 compiles on the same thread, at a fixed moment: on a busy machine another thread might be late.
  const options = [
    '--no-concurrent-recompilation',
    '--print-opt-code',
    `--print-opt-code-filter=${name}`,
    '--input-type=module',
    '-e',
    PROGRAM,
  ]
  const { status, stdout } = spawnSync(process.execPath, [...options, journalPath()], {
    encoding: 'utf8',
    maxBuffer: 2 ** 27,
  })
  expect(status).toBe(0)
  const listings = stdout.split('Instructions (size').slice(1)
  return (listings.at(-1) ?? '').split('\n').filter(line => /^0x[0-9a-f]+ +[0-9a-f]+ +[0-9a-f]+ /.test(line))
}

/** The indexes of the instructions that match a pattern. */
function placesOf(code: readonly string[], pattern: RegExp): number[] {
  return code.flatMap((line, i) => (pattern.test(line) ? [i] : []))
}

/** Stores of numbers at a computed index of a typed array: the fields, and the words of a frame's header. */
const FIELD_STORE = /v?movsd \[[^\]]+\*8\],xmm/
const WORD_STORE = /mov[lq]? \[[^\]]+\*4\],/
const CURSOR_STORE = /mov[lq]? \[[^\]]+\+0x80\],/
const SLEEPERS_LOAD = /(mov[lq]? \w+,|cmp[lq]? )\[[^\]]+\+0x100\]/

it.skipIf(process.arch !== 'x64')('a commit stores the frame, then the cursor, then checks for sleepers', () => {
  const code = codeOf('writeMany')
  const cursors = placesOf(code, CURSOR_STORE)
  expect(cursors.length, 'one ordinary store of the cursor').toBe(1)
  expect(placesOf(code, CURSOR), 'and nothing else that touches it').toEqual(cursors)
  expect(placesOf(code, /xchg|lock /).length, 'no locked instruction').toBe(0)
  const [cursor] = cursors
  const fields = placesOf(code, FIELD_STORE)
  expect(fields.length, 'both fields').toBe(2)
  expect(Math.max(...fields), 'before the cursor').toBeLessThan(cursor)
  const words = placesOf(code, WORD_STORE)
  expect(words.filter(at => at < cursor).length, 'type, both halves of the time').toBe(3)
  expect(words.filter(at => at > cursor).length, 'then only the zero over the next frame').toBe(1)
  const looks = placesOf(code, SLEEPERS_LOAD)
  expect(looks.length).toBe(1)
  expect(looks[0], 'the look for sleepers comes after the cursor').toBeGreaterThan(cursor)
  expect(words.at(-1)).toBeGreaterThan(looks[0])
  expect(placesOf(code, SLEEPERS)).toEqual(looks)
})

it.skipIf(process.arch !== 'x64')('a poll loads the cursor before it loads a frame', () => {
  const code = codeOf('poll')
  // Either compiled in place, or a call of the builtin. V8 moves no access across such a call.
  const cursors = placesOf(code, /mov[lq]? \w+,\[[^\]]+\+0x80\]|AtomicsLoad/)
  expect(cursors.length).toBeGreaterThan(0)
  const frames = placesOf(code, /mov[lq]? \w+,\[[^\]]+\*4\]/)
  expect(frames.length).toBeGreaterThan(0)
  expect(Math.min(...frames), 'frames are loaded after the cursor').toBeGreaterThan(cursors[0])
})
