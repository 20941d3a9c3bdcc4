import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, rmSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { type LockHolder, WriterLockedError } from 'ticktape'
import { describe, expect, onTestFinished, test } from 'vitest'
import { startChild } from '../../support/child.ts'
import { failureOf } from '../../support/failures.ts'
import { Count } from '../../support/frames.ts'
import { pageFile } from '../../support/journals.ts'
import { journalPath, openReader, openWriter, readNumbers } from '../../support/open.ts'

const HOLD = `
  const writer = Writer.open(dir, { pageSize: 65536 })
  say('open')
  await line()
`

function holderOf(path: string): LockHolder {
  const error = failureOf(() => openWriter(path))
  expect(error).toBeInstanceOf(WriterLockedError)
  return (error as unknown as WriterLockedError).holder
}

describe('a second writer', () => {
  test('gets an error that identifies the first one', async () => {
    const path = journalPath()
    const child = startChild(HOLD, [path])
    await child.hear()
    const holder = holderOf(path)
    expect(holder).toMatchObject({ pid: child.pid, host: hostname(), epoch: 1 })
    expect(Math.abs(Date.now() - Date.parse(holder.since ?? ''))).toBeLessThan(60_000)
  })

  test('is refused in the same process too', () => {
    const writer = openWriter()
    expect(holderOf(writer.path).pid).toBe(process.pid)
  })

  test('is refused even if the lock file was removed, and does not change a frame that the first one has begun', () => {
    const writer = openWriter()
    writer.begin(Count).n = 5
    rmSync(join(writer.path, 'writer.lock'))
    expect(failureOf(() => openWriter(writer.path)).code).toBe('ERR_WRITER_LOCKED')
    writer.commit()
    expect(readNumbers(openReader(writer.path))).toEqual([5])
  })
})

describe('pid namespaces', () => {
  const noNamespaces =
    spawnSync('unshare', ['--pid', '--fork', '--mount-proc', 'true']).status === 0
      ? undefined
      : 'unshare is missing or not permitted'
  if (noNamespaces !== undefined) console.log(`locks: pid namespaces skipped: ${noNamespaces}`)

  /** Runs code in a separate pid namespace, and resolves to the first line that it prints. */
  async function inNamespace(code: string, path: string): Promise<{ said: string; end: () => void }> {
    const program = `import { Writer } from 'ticktape'; const dir = process.argv[1]; ${code}`
    const args = [
      '--pid',
      '--fork',
      '--mount-proc',
      '--kill-child',
      process.execPath,
      '--input-type=module',
      '-e',
      program,
      path,
    ]
    const child = spawn('unshare', args, {
      cwd: join(import.meta.dirname, '../../..'),
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    const closed = once(child, 'close')
    onTestFinished(async () => {
      child.kill('SIGKILL')
      await closed
    })
    const [text] = (await once(child.stdout, 'data')) as [Buffer]
    return { said: text.toString().trim(), end: () => child.kill('SIGKILL') }
  }

  test.skipIf(noNamespaces)(
    'a writer in another one holds the lock of the journal, although its pid does not exist here',
    async () => {
      const path = journalPath()
      const { said, end } = await inNamespace(
        "Writer.open(dir, { pageSize: 65536 }); console.log('pid', process.pid); setInterval(() => {}, 1000)",
        path,
      )
      const { pid } = holderOf(path)
      expect(`pid ${pid}`).toBe(said)
      expect(pid).toBeLessThan(100)
      end()
      await expect
        .poll(() => {
          try {
            openWriter(path).close()
            return 'free'
          } catch {
            return 'held'
          }
        })
        .toBe('free')
    },
  )

  test.skipIf(noNamespaces)(
    'is refused there while this process has one, although its pid does not exist there',
    async () => {
      const writer = openWriter()
      const { said } = await inNamespace(
        "try { Writer.open(dir); console.log('open') } catch (error) { console.log(error.code) }",
        writer.path,
      )
      expect(said).toBe('ERR_WRITER_LOCKED')
    },
  )
})

describe('files of another user', () => {
  const noUsers = process.getuid?.() === 0 ? undefined : 'only root can give files away'
  if (noUsers !== undefined) console.log(`locks: files of another user skipped: ${noUsers}`)

  test.skipIf(noUsers).each(['writer.lock', 'schema.json', 'control', '0000000000.page'])(
    '%s is refused, unless the journal is shared',
    name => {
      const writer = openWriter()
      writer.write(Count, { n: 1 })
      writer.close()
      const file = name.endsWith('.page') ? pageFile(writer.path, 0) : join(writer.path, name)
      chownSync(file, 12_345, 12_345)
      expect(failureOf(() => openWriter(writer.path))).toMatchObject({ code: 'ERR_UNSAFE_PATH', path: file })
      openWriter(writer.path, { mode: 0o660 })
    },
  )
})
