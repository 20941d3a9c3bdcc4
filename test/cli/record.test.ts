import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { makeFolder } from '../support/folders.ts'
import { ticktape, ticktapeWith } from '../support/journals.ts'

const SOURCE = resolve(import.meta.dirname, '../support/message-source.mjs')
const COMMAND = resolve(import.meta.dirname, '../../dist/cli/main.js')

test('a recording that is continued says what it missed; capture info understands all of it', () => {
  const to = join(makeFolder(), 'recording')
  const first = ticktapeWith({ MESSAGES: '100' }, 'record', '--source', SOURCE, '--to', to, '--json')
  expect(first).toMatchObject({ status: 0, stderr: '' })
  expect(JSON.parse(first.stdout)).toEqual({ directory: to, messages: 100, files: 1 })
  const env = { MESSAGES: '50', FROM: '5000000099' }
  const second = ticktapeWith(env, 'record', '--source', SOURCE, '--to', to, '--name', 'capture')
  expect(second.status).toBe(0)
  expect(second.stderr).toBe('continues a recording whose last message was received 5 s before the first of this one\n')
  expect(second.stdout).toBe(`50 messages in 1 files of ${to}\n`)
  const info = ticktape('capture', 'info', join(to, 'capture-20240808-0001.gz'), '--json', '--gap', '1s')
  expect(JSON.parse(info.stdout)).toMatchObject({
    trades: 150,
    problems: [],
    time: { gapCount: 1, gaps: [{ line: 101, ms: 5000 }] },
    series: { repeated: 50 },
  })
})

test('Ctrl-C ends it in order: all that was received is there', async () => {
  const to = join(makeFolder(), 'recording')
  const child = spawn(process.execPath, [COMMAND, 'record', '--source', SOURCE, '--to', to], {
    env: { ...process.env, MESSAGES: '1000', AFTERWARDS: 'wait' },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  await once(child.stderr, 'data')
  child.kill('SIGINT')
  const [status] = (await once(child, 'exit')) as [number | null]
  expect(status).toBe(130)
  const { stdout } = ticktape('capture', 'info', join(to, 'capture-20240808-0001.gz'), '--json')
  expect(JSON.parse(stdout)).toMatchObject({ trades: 1000, problems: [] })
})

test('--duration ends it', () => {
  const to = join(makeFolder(), 'recording')
  const env = { MESSAGES: '1', AFTERWARDS: 'wait' }
  expect(ticktapeWith(env, 'record', '--source', SOURCE, '--to', to, '--duration', '300ms').status).toBe(0)
})

test('a source that fails is an error, and what it had received is recorded', () => {
  const to = join(makeFolder(), 'recording')
  const env = { MESSAGES: '10', AFTERWARDS: 'fail' }
  const { status, stderr } = ticktapeWith(env, 'record', '--source', SOURCE, '--to', to)
  expect(status).toBe(2)
  expect(stderr).toMatch(/^ERR_RECORDING: .*the socket is gone; what was received is recorded\n$/)
  const { stdout } = ticktape('capture', 'info', join(to, 'capture-20240808-0001.gz'), '--json')
  expect(JSON.parse(stdout)).toMatchObject({ trades: 10 })
})

test('what is no source, and wrong options, are refused in one line', () => {
  const folder = makeFolder()
  const file = join(folder, 'source.mjs')
  writeFileSync(file, 'export default 5')
  const refusal = (...args: string[]): unknown => {
    const { status, stderr } = ticktape('record', ...args)
    return [status, stderr.split(':')[0], stderr.trimEnd().split('\n').length]
  }
  expect(refusal('--source', file, '--to', join(folder, 'to'))).toEqual([2, 'ERR_RECORDING', 1])
  expect(refusal('--source', join(folder, 'none.mjs'), '--to', folder)).toEqual([2, 'ERR_USAGE', 1])
  expect(refusal('--source', SOURCE)).toEqual([2, 'ERR_USAGE', 1])
  expect(refusal('--source', SOURCE, '--to', file)).toEqual([2, expect.stringMatching(/^ERR_/), 1])
  expect(refusal('--source', SOURCE, '--to', folder, '--duration', '60d')).toEqual([2, 'ERR_USAGE', 1])
})
