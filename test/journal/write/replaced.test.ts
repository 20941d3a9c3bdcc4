import { mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { type TicktapeError, verify } from 'ticktape'
import { expect, test, vi } from 'vitest'
import { type Child, startChild } from '../../support/child.ts'
import { removeLive } from '../../support/folders.ts'
import { Count } from '../../support/frames.ts'
import { journalPath, openReader, openWriter, readNumbers, upTo, writeCounts } from '../../support/open.ts'

// Runs several processes, one after the other.
vi.setConfig({ testTimeout: 120_000 })

/** A writer that writes ten frames a second, and reports the error that stopped it. `busy`: its event loop never runs. */
const WRITES_ON = `
  const writer = Writer.open(dir, { pageSize: 65536, durability: args[2] })
  const busy = args[1] === 'busy'
  const cell = new Int32Array(new SharedArrayBuffer(4))
  let n = 0
  let stopped = { code: 'none' }
  say('open')
  for (const end = performance.now() + 10_000; performance.now() < end; ) {
    try {
      writer.write(Count, { n: n++ })
    } catch ({ code, message, path, position }) {
      stopped = { code, message, path, position }
      break
    }
    if (busy) Atomics.wait(cell, 0, 0, 100)
    else await sleep(100)
  }
  const again = []
  for (const call of [() => writer.begin(Count), () => writer.cork(), () => writer.write(Count, { n })]) {
    try { call(); again.push('') } catch (error) { again.push(error.code) }
  }
  again.push(await writer.flush().then(() => '', error => error.code))
  writer.close()
  say({ ...stopped, written: n, again })
`

interface Stopped {
  readonly code: string
  readonly message: string
  readonly path: string
  readonly position: number
  readonly written: number
  readonly again: readonly string[]
}

/** Like `rm -rf`. Repeated, because the writer may be creating its next page at that moment. */
function remove(path: string): void {
  for (let attempt = 1; ; attempt++) {
    try {
      removeLive(path)
      return
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOTEMPTY' || attempt === 20) throw error
    }
  }
}

const WAYS: Readonly<Record<string, (path: string) => void>> = {
  removed: remove,
  moved: path => renameSync(path, `${path}-elsewhere`),
  'created again': path => {
    remove(path)
    mkdirSync(path)
  },
  emptied: path => {
    // 'force': the writer may remove or rename a page of its own between the listing and this.
    for (const name of readdirSync(path)) rmSync(join(path, name), { force: true })
  },
}

const cases = Object.keys(WAYS).flatMap(way =>
  (way === 'removed' ? ['awaiting', 'busy'] : ['busy']).map(loop => ({ way, loop })),
)

test.each(cases)(
  'a writer ($loop) whose journal is $way throws, with the position from which frames are lost',
  async ({ way, loop }) => {
    for (const durability of ['process', 'interval']) {
      const path = journalPath()
      const child = startChild(WRITES_ON, [path, loop, durability])
      await child.hear()
      WAYS[way](path)
      const stopped = (await child.hear()) as Stopped
      expect(stopped).toMatchObject({ code: 'ERR_JOURNAL_REPLACED', path })
      expect(stopped.message).toContain(`from position ${stopped.position} on`)
      expect(stopped.position).toBeLessThan(stopped.written)
      expect(new Set(stopped.again)).toEqual(new Set(['ERR_JOURNAL_REPLACED']))
      expect((await child.end()).code).toBe(0)
    }
  },
)

/** A writer that has written 2,500 frames, makes one call when the test asks for it, and closes. */
const DOES_ONE_THING = `
  const retain = args[1] === 'retention' ? { pages: 1 } : undefined
  const writer = Writer.open(dir, { pageSize: 65536, durability: args[1] === 'flush' ? 'commit' : 'process', retain })
  const roll = () => { for (let i = 0; i < 3000; i++) writer.write(Count, { n: -1 }) }
  for (let n = 0; n < 2500; n++) writer.write(Count, { n: -1 })
  const { existsSync } = await import('node:fs')
  while (!existsSync(dir + '/0000000003.page')) await sleep(5)
  say('open')
  await line()
  const things = {
    close() {},
    roll,
    async retention() { try { roll() } finally { await sleep(100) } },
    schema() { writer.write(Pair, { n: -1, note: '' }) },
    flush: () => writer.flush(),
  }
  let code = ''
  try { await things[args[1]]() } catch (error) { code = error.code }
  writer.close()
  process.stdin.destroy()
  say(code)
`

const THINGS = [
  ['close', ''],
  ['roll', 'ERR_JOURNAL_REPLACED'],
  ['retention', 'ERR_JOURNAL_REPLACED'],
  ['schema', 'ERR_JOURNAL_REPLACED'],
  ['flush', 'ERR_JOURNAL_REPLACED'],
  ['SIGKILL', ''],
] as const

async function oldWriterDoes(child: Child, thing: string, expected: string): Promise<void> {
  if (thing === 'SIGKILL') {
    await child.kill()
    return
  }
  child.tell()
  expect(await child.hear()).toBe(expected)
  expect((await child.end()).code).toBe(0)
}

test.each(THINGS.flatMap(([thing, code]) => (['removed', 'emptied'] as const).map(way => ({ thing, code, way }))))(
  'a journal created where one was $way keeps all its frames, whatever the old writer does: $thing',
  async ({ thing, code, way }) => {
    const path = journalPath()
    const old = startChild(DOES_ONE_THING, [path, thing])
    await old.hear()
    WAYS[way](path)
    const writer = openWriter(path)
    // Both have prepared the page of the same number.
    writeCounts(writer, 0, 2500)
    await oldWriterDoes(old, thing, code)
    writeCounts(writer, 2500, 3000)
    writer.close()
    expect(readNumbers(openReader(path))).toEqual(upTo(3000))
    expect(await verify(path)).toMatchObject({ sound: true, findings: [] })
  },
)

test('a writer whose journal was moved leaves it complete and ready for the next writer', async () => {
  const path = journalPath()
  const writer = openWriter(path)
  writeCounts(writer, 0, 2000)
  const elsewhere = `${path}-elsewhere`
  renameSync(path, elsewhere)
  const other = openWriter(path)
  writeCounts(other, 0, 10)
  writer.close()
  expect(readdirSync(elsewhere).filter(name => name.endsWith('.page')).length).toBe(3)
  const next = openWriter(elsewhere)
  writeCounts(next, 2000, 3000)
  next.close()
  expect(readNumbers(openReader(elsewhere))).toEqual(upTo(3000))
  expect(readNumbers(openReader(path))).toEqual(upTo(10))
})

test('a reader at the end of its page reports that the journal was created again, and reads nothing of the new one', () => {
  const path = journalPath()
  const writer = openWriter(path)
  writeCounts(writer, 0, 100)
  const reader = openReader(path)
  expect(readNumbers(reader)).toEqual(upTo(100))
  writeCounts(writer, 100, 2000)
  remove(path)
  const other = openWriter(path)
  writeCounts(other, 10_000, 15_000)
  const seen: number[] = []
  let failure: TicktapeError | undefined
  try {
    for (const frame of reader) if (frame.is(Count)) seen.push(frame.n)
  } catch (error) {
    failure = error as TicktapeError
  }
  expect(seen).toEqual(upTo(860, 100))
  expect(failure).toMatchObject({ code: 'ERR_JOURNAL_REPLACED', path, position: 960 })
})
