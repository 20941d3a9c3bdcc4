import { mkdirSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { inspect, type JournalInfo, on, Reader, Writer } from 'ticktape'
import { CircuitBreaker, Counters } from 'ticktape/state'
import { expect, test } from 'vitest'
import { makeFolder } from '../support/folders.ts'
import { fill, makeJournal, PAGE_SIZE, pageFile, patch, Quote, slotAt, ticktape, u32 } from '../support/journals.ts'

function list(...args: readonly string[]): { status: number | null; journals: JournalInfo[] } {
  const { status, stdout } = ticktape('ls', '--json', ...args)
  return { status, journals: (JSON.parse(stdout) as { journals: JournalInfo[] }).journals }
}

test('pages, writer, readers and their lag, of a journal being written', async () => {
  const directory = join(makeFolder('memory'), 'j')
  using writer = Writer.open(directory, { pageSize: PAGE_SIZE })
  fill(writer, 2000)
  using reader = Reader.open(directory, { from: { name: 'momentum' } })
  reader.poll(
    on(Quote, () => {}),
    1000,
  )
  Reader.open(directory, { from: { name: 'gone', start: 'end' } }).close()

  const { status, journals } = list(directory)
  expect(status).toBe(0)
  expect(journals).toHaveLength(1)
  const [journal] = journals
  expect(journal).toMatchObject({
    path: directory,
    firstPosition: 0,
    endPosition: 2400,
    problems: [],
    writer: { held: true, pid: process.pid, epoch: 1 },
    frames: [
      { id: 1, name: 'Quote' },
      { id: 2, name: 'Note' },
    ],
  })
  expect(journal.pages.map(({ page, state, used }) => [page, state, used])).toEqual([
    [0, 'sealed', 960],
    [1, 'sealed', 960],
    [2, 'current', 480],
    [3, 'prepared', 0],
  ])
  expect(journal.readers.map(({ name, pid, alive, lag }) => ({ name, pid, alive, lag }))).toEqual([
    { name: 'momentum', pid: process.pid, alive: true, lag: 2400 - reader.position },
    { name: 'gone', pid: process.pid, alive: false, lag: 0 },
  ])
  expect(BigInt(journal.lastTime ?? 0)).toBeGreaterThan(BigInt(journal.firstTime ?? 0))

  const { stdout } = ticktape('ls', directory)
  expect(stdout).toMatch(/momentum +open/)
  expect(stdout).toMatch(/gone +closed/)
  expect(stdout).toMatch(new RegExp(`writer +pid ${process.pid} `))
  // oxlint-disable-next-line no-control-regex
  expect(stdout).not.toMatch(/\u001b/)
})

test('ls neither keeps the lock of a journal nor writes its lock file', async () => {
  const directory = join(makeFolder('memory'), 'j')
  await makeJournal(directory, 10)
  const before = inspect(directory).writer
  expect(before).toMatchObject({ held: false, epoch: 1 })
  using writer = Writer.open(directory)
  expect(writer.epoch).toBe(2)
  expect(inspect(directory).writer).toMatchObject({ held: true, epoch: 2 })
})

test('a folder of journals lists them all', async () => {
  const folder = makeFolder('memory')
  for (const name of ['market', join('strategies', 'momentum'), join('strategies', 'reversion')]) {
    mkdirSync(join(folder, 'strategies'), { recursive: true })
    await makeJournal(join(folder, name), 5)
  }
  writeFileSync(join(folder, 'notes.txt'), 'x')
  mkdirSync(join(folder, 'logs'))
  expect(list(folder).journals.map(journal => journal.path.slice(folder.length + 1))).toEqual([
    'market',
    'strategies/momentum',
    'strategies/reversion',
  ])
  expect(list(join(folder, 'market'), join(folder, 'strategies')).journals).toHaveLength(3)
})

test('of many pages only the first and the last ones are shown; with --all every page', async () => {
  const directory = join(makeFolder('memory'), 'j')
  await makeJournal(directory, 16_000)
  expect(ticktape('ls', directory).stdout).toContain('... 12 pages more')
  expect(
    ticktape('ls', '--all', directory)
      .stdout.split('\n')
      .filter(line => line.includes(' sealed ') || line.includes(' current ')),
  ).toHaveLength(20)
})

test('a journal whose older pages were removed is shown from its first page on', async () => {
  const directory = join(makeFolder('memory'), 'j')
  await makeJournal(directory, 3000)
  rmSync(pageFile(directory, 0))
  expect(inspect(directory)).toMatchObject({ firstPosition: 960, endPosition: 3600 })
})

test('damaged files are reported, and the others are shown', async () => {
  const directory = join(makeFolder('memory'), 'j')
  await makeJournal(directory, 3000)
  truncateSync(pageFile(directory, 1), 5000)
  truncateSync(join(directory, 'schema.json'), 10)
  patch(pageFile(directory, 2), 128, u32(70_000))
  const { status, journals } = list(directory)
  expect(status).toBe(1)
  expect(journals[0].problems.map(({ path }) => path.slice(directory.length + 1))).toEqual([
    '0000000001.page',
    '0000000002.page',
    'schema.json',
  ])
  expect(journals[0].pages.map(page => page.page)).toEqual([0, 3])
  expect(ticktape('ls', directory).stdout).toContain('ERR_CORRUPT_JOURNAL')
})

test('files of another kind in a journal do not stop it', async () => {
  const directory = join(makeFolder('memory'), 'j')
  await makeJournal(directory, 100)
  patch(pageFile(directory, 0), slotAt(50) + 2, [0])
  expect(list(directory).journals[0].endPosition).toBe(120)
  using writer = Writer.open(join(directory, '..', 'k'), { pageSize: PAGE_SIZE })
  writer.write(Quote, { symbol: '', price: 0, side: 'buy' })
  expect(list(join(directory, '..')).journals).toHaveLength(2)
})

test('state files are shown by kind and size, those in a directory without a journal too', async () => {
  const desk = makeFolder('memory')
  CircuitBreaker.open(join(desk, 'breaker')).close()
  Counters.open(join(desk, 'counters'), { cells: 8 }).close()
  const bytes = statSync(join(desk, 'breaker')).size
  expect(ticktape('ls', desk)).toMatchObject({
    status: 0,
    stderr: '',
    stdout: expect.stringMatching(/breaker +CircuitBreaker +\d.*\n.*counters +Counters +\d/) as string,
  })
  expect(JSON.parse(ticktape('ls', join(desk, 'breaker'), '--json').stdout)).toEqual({
    journals: [],
    stateFiles: [{ path: join(desk, 'breaker'), kind: 'CircuitBreaker', bytes }],
  })
  await makeJournal(join(desk, 'market'), 10)
  const both = JSON.parse(ticktape('ls', desk, '--json').stdout) as { journals: unknown[]; stateFiles: unknown[] }
  expect([both.journals.length, both.stateFiles.length]).toEqual([1, 2])
})

test('a missing path, a directory without journals and a file are refused', () => {
  const folder = makeFolder()
  writeFileSync(join(folder, 'file'), 'x')
  expect(ticktape('ls', join(folder, 'none'))).toMatchObject({
    status: 2,
    stdout: '',
    stderr: expect.stringMatching(/^ERR_JOURNAL_NOT_FOUND: /) as string,
  })
  expect(ticktape('ls', folder).status).toBe(2)
  expect(ticktape('ls', join(folder, 'file')).stderr).toMatch(/^ERR_NOT_A_JOURNAL: /)
  expect(ticktape('ls').status).toBe(2)
})
