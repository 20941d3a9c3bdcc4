import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { makeFolder } from '../support/folders.ts'

/** Tests the code for Bun in a Node that claims to be Bun. Bun itself runs in npm run test:matrix. */

const root = join(import.meta.dirname, '../..')

/** Runs a program as if this were Bun. Returns what it printed. */
function runAsBun(program: string, ...args: string[]): string {
  const pretend = "Object.defineProperty(process, 'versions', { value: { ...process.versions, bun: '1.4.5' } })"
  const preload = `--import=data:text/javascript,${encodeURIComponent(pretend)}`
  const options = [preload, '--input-type=module', '-e', program, ...args]
  const { status, stdout, stderr } = spawnSync(process.execPath, options, { cwd: root, encoding: 'utf8' })
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  return stdout.trim()
}

it('readers see new frames without Atomics.load on their pages', () => {
  const program = `
    import { f64, frame, on, Reader, Writer } from 'ticktape'
    import { loadWord } from ${JSON.stringify(join(root, 'dist/base/load-word.js'))}
    const mapped = new Set()
    const load = Atomics.load
    Atomics.load = (words, index) => {
      if (words.buffer.byteLength > 64) mapped.add(words.buffer)
      return load(words, index)
    }
    const Count = frame('Count', 1, { n: f64 })
    const writer = Writer.open(process.argv[1], { pageSize: 65536 })
    for (let n = 0; n < 3000; n++) writer.write(Count, { n })
    mapped.clear()
    const reader = Reader.open(process.argv[1], { from: 'start' })
    let sum = 0
    while (reader.poll(on(Count, count => { sum += count.n })) > 0);
    console.log(sum, mapped.size, loadWord === load)
    reader.close()
    writer.close()`
  expect(runAsBun(program, join(makeFolder(), 'journal'))).toBe('4498500 0 false')
})

it('code that reads journals uses Atomics.load only on writable memory', () => {
  const folder = join(root, 'src/journal')
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(name => name.endsWith('.ts'))
  const users = names.filter(name => readFileSync(join(folder, name), 'utf8').includes('Atomics.load('))
  // A writer's control file, and a named reader's slot in it. Elsewhere: loadWord of src/base.
  expect(users.sort()).toEqual(['control/reader-registry.ts', 'write/append-point.ts'])
})
