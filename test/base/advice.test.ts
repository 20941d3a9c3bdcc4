import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Writer } from 'ticktape'
import { Counters } from 'ticktape/state'
import { describe, expect, test } from 'vitest'
import { shellQuoted } from '../../dist/base/shell.js'
import { failureOf } from '../support/failures.ts'
import { makeFolder } from '../support/folders.ts'
import { makeJournal } from '../support/journals.ts'

/** Users, perhaps as root, follow the advice of messages. It must be safe for the path that the message names. */

describe('a directory that is not meant for a journal', () => {
  test.each(['/dev/shm', '/', '/tmp', '/etc', '/dev'])('%s: the message advises a directory inside it', path => {
    const { code, message } = failureOf(() => Writer.open(path))
    expect(['ERR_UNSAFE_PATH', 'ERR_NOT_A_JOURNAL']).toContain(code)
    expect(message).not.toContain('chmod')
    if (!message.includes('belongs to user'))
      expect(message).toContain(`give the journal a directory in it, such as ${join(path, 'journal')}`)
  })

  test.each([0o777, 0o1777, 0o775])('mode %o, empty: the message does not advise to change its permissions', mode => {
    const folder = join(makeFolder(), 'd')
    mkdirSync(folder)
    chmodSync(folder, mode)
    const failure = failureOf(() => Writer.open(folder))
    expect(failure).toMatchObject({ code: 'ERR_UNSAFE_PATH', path: folder })
    expect(failure.message).not.toContain('chmod')
    expect(failure.message).toContain('give the journal a directory in it')
  })

  test('with a journal and other files: the message does not advise it either', async () => {
    const folder = join(makeFolder(), 'd')
    await makeJournal(folder, 3)
    writeFileSync(join(folder, 'notes.txt'), '')
    chmodSync(folder, 0o777)
    expect(failureOf(() => Writer.open(folder)).message).not.toContain('chmod')
  })
})

test("a journal's own directory that others may write in: the command is advised, and it works", async () => {
  const folder = join(makeFolder(), "it's a journal; echo no")
  await makeJournal(folder, 3)
  chmodSync(folder, 0o777)
  const { message } = failureOf(() => Writer.open(folder))
  const command = /type: (chmod go-w .*), or give/.exec(message)?.[1] ?? ''
  expect(execFileSync('sh', ['-c', command], { encoding: 'utf8' })).toBe('')
  Writer.open(folder).close()
})

test('a file that is not a state file: the message does not advise to remove or change it', () => {
  const folder = makeFolder()
  const text = join(folder, 'text')
  writeFileSync(text, 'x'.repeat(10_000), { mode: 0o666 })
  chmodSync(text, 0o666)
  for (const path of ['/etc/passwd', '/dev/null', text]) {
    const { code, message } = failureOf(() => Counters.open(path))
    expect(['ERR_CORRUPT_STATE', 'ERR_UNSAFE_PATH', 'ERR_SYSTEM'], message).toContain(code)
    expect(message).not.toMatch(/remove|chmod/)
  }
})

test('a state file in a directory that everyone may write: the message does not advise to change the directory', () => {
  const folder = makeFolder()
  chmodSync(folder, 0o777)
  const { code, message } = failureOf(() => Counters.open(join(folder, 'counters')))
  expect(code).toBe('ERR_UNSAFE_PATH')
  expect(message).not.toContain('chmod')
})

test('a symbolic link: the message does not advise to remove it', () => {
  const folder = makeFolder()
  symlinkSync('/etc', join(folder, 'link'))
  expect(failureOf(() => Writer.open(join(folder, 'link'))).message).not.toContain('remove')
})

test.each([
  ['/dev/shm/a-b_c.1', '/dev/shm/a-b_c.1'],
  ['/tmp/a b', "'/tmp/a b'"],
  ["it's", "'it'\\''s'"],
  ['-rf', "'-rf'"],
  ['$(x)', "'$(x)'"],
])('%s is quoted for a shell', (path, quoted) => {
  expect(shellQuoted(path)).toBe(quoted)
})
