import { spawnSync } from 'node:child_process'
import { expect, it } from 'vitest'
import { journalPath } from '../support/open.ts'

/** V8 inlines no function with more bytecodes than this (its flag --max-inlined-bytecode-size). */
const MOST_INLINED = 460

const PROGRAM = `
import { f64, frame, on, Reader, Writer } from 'ticktape'
const dir = process.argv[1]
const Count = frame('Count', 2, { n: f64 })
const writer = Writer.open(dir, { frames: [Count] })
writer.write(Count, { n: 1 })
const reader = Reader.open(dir)
reader.poll(on(Count, () => {}))
reader.close()
writer.close()
`

/** The number of bytecodes of each function with this name that runs while a frame is written and read; the largest first. */
function lengthsOf(name: string): number[] {
  const options = [
    '--print-bytecode',
    `--print-bytecode-filter=${name}`,
    '--input-type=module',
    '-e',
    PROGRAM,
    journalPath(),
  ]
  const { status, stdout, stderr } = spawnSync(process.execPath, options, { encoding: 'utf8', maxBuffer: 2 ** 26 })
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  return [...stdout.matchAll(/Bytecode length: (\d+)/g)].map(([, length]) => Number(length)).sort((a, b) => b - a)
}

it.each(['poll', 'prepare'])('%s is too long for V8 to inline, so that its inlining budget is spent inside', name => {
  expect(lengthsOf(name)[0]).toBeGreaterThan(MOST_INLINED)
})
