import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { prune, Writer } from 'ticktape'
import { expect, test } from 'vitest'
import { makeFolder } from '../support/folders.ts'
import {
  CAPACITY,
  fill,
  makeJournal,
  Note,
  outputUntil,
  PAGE_SIZE,
  pageFile,
  patch,
  Quote,
  slotAt,
  startTicktape,
  ticktape,
  ticktapeWith,
} from '../support/journals.ts'

async function journal(quotes = 3000): Promise<{ directory: string; positions: number[] }> {
  const directory = join(makeFolder('memory'), 'j')
  return { directory, positions: await makeJournal(directory, quotes) }
}

interface Line {
  position: number
  time: string
  type: string | number
  [field: string]: unknown
}

function frames(text: string): Line[] {
  return text
    .split('\n')
    .filter(line => line !== '')
    .map(line => JSON.parse(line) as Line)
}

test('without --from it shows the last ten frames, over a page boundary too', async () => {
  const { directory, positions } = await journal(2405) // 2,885 slots: five of the last page
  expect(positions.at(-1)).toBe(3 * CAPACITY + 4)
  const { status, stdout } = ticktape('tail', directory, '--json')
  expect(status).toBe(0)
  expect(frames(stdout).map(frame => frame.position)).toEqual(positions.slice(-10))
  expect(frames(ticktape('tail', directory, '--json', '-n', '2000').stdout).map(frame => frame.position)).toEqual(
    positions.slice(-2000),
  )
  expect(frames(ticktape('tail', directory, '--json', '-n', '99999').stdout).map(frame => frame.position)).toEqual(
    positions,
  )
})

test('frames are decoded by schema.json alone: numbers, texts, 64-bit integers, bytes, causes', async () => {
  const { directory } = await journal(10)
  const lines = frames(ticktape('tail', directory, '--json', '--from', '9').stdout)
  expect(lines).toEqual([
    {
      position: 9,
      time: expect.stringMatching(/^\d{19}$/) as string,
      type: 'Quote',
      symbol: 'BTC-USDT',
      price: 9,
      side: 'sell',
    },
    {
      position: 10,
      time: expect.any(String) as string,
      type: 'Note',
      cause: 9,
      causeJournal: 0,
      source: 3,
      dest: 4,
      sinceRoot: 0,
      text: 'a b',
      id: '9',
      raw: '0102000000000000',
      ok: true,
    },
  ])
})

test('values that JSON cannot express: infinities, NaN, invalid enum numbers, unknown types', async () => {
  const directory = join(makeFolder('memory'), 'j')
  {
    using writer = Writer.open(directory, { pageSize: PAGE_SIZE })
    for (const price of [Number.NaN, -Infinity, 1, 2]) writer.write(Quote, { symbol: 'X', price, side: 'buy' })
    writer.write(Note, { text: '', id: 2n ** 64n - 1n, raw: new Uint8Array(8), ok: false })
  }
  patch(pageFile(directory, 0), slotAt(2) + 40, [200])
  patch(pageFile(directory, 0), slotAt(3), [99])
  const lines = frames(ticktape('tail', directory, '--json').stdout)
  expect(lines.slice(0, 3).map(({ price, side }) => [price, side])).toEqual([
    ['NaN', 'buy'],
    ['-Infinity', 'buy'],
    [1, { damaged: 'c8' }],
  ])
  expect(lines[3]).toEqual({
    position: 3,
    time: expect.any(String) as string,
    type: 99,
    slots: 1,
    bytes: `58${'0'.repeat(30)}${'0'.repeat(14)}40${'0'.repeat(48)}`,
  })
  expect(lines[4].id).toBe('18446744073709551615')
  const human = ticktape('tail', directory).stdout
  expect(human).toContain('type 99')
  expect(human).toContain('side=?c8')
})

test('--from takes positions, times, start and end; --limit ends it', async () => {
  const { directory, positions } = await journal()
  const first = (from: string): Line | undefined =>
    frames(ticktape('tail', directory, '--json', '--from', from, '--limit', '1').stdout)[0]
  const all = frames(ticktape('tail', directory, '--json', '--from', 'start').stdout)
  expect(all.map(frame => frame.position)).toEqual(positions)
  const middle = all[1700]
  expect(first(String(middle.position))).toEqual(middle)
  const sought = first(middle.time) as Line // the first of those with that time
  expect(sought.time).toBe(middle.time)
  const iso = `${new Date(Number(BigInt(middle.time) / 1_000_000n)).toISOString().slice(0, 19)}.${middle.time.slice(-9)}Z`
  expect(first(iso)).toEqual(sought)
  expect(first('2001-01-01')?.position).toBe(0)
  expect(first('end')).toBeUndefined()
  expect(first('2100-01-01T00:00')).toBeUndefined()
})

test('--type filters by name or number', async () => {
  const { directory } = await journal()
  const notes = frames(ticktape('tail', directory, '--json', '--type', 'Note').stdout)
  expect(notes.map(({ type, id }) => [type, id])).toEqual(
    Array.from({ length: 10 }, (_, i) => ['Note', String(2909 + 10 * i)]),
  )
  expect(ticktape('tail', directory, '--json', '--type', '2').stdout).toBe(
    notes.map(note => `${JSON.stringify(note)}\n`).join(''),
  )
  expect(ticktape('tail', directory, '--type', 'Trade')).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('Quote, Note') as string,
  })
})

test('the text output has one line per frame, without escape codes whatever the fields contain', async () => {
  const directory = join(makeFolder('memory'), 'j')
  {
    using writer = Writer.open(directory, { pageSize: PAGE_SIZE })
    writer.write(Quote, { symbol: '\u001b[31mred\n', price: 1.5, side: 'sell' })
  }
  expect(ticktape('tail', directory).stdout).toMatch(
    /^ {9}0 {2}\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z {2}Quote {8}symbol="\\u001b\[31mred\\n" price=1.5 side=sell\n$/,
  )
})

test('--follow shows frames as they are written, sleeps in between, and ends with Ctrl-C', async () => {
  const { directory } = await journal(20)
  using writer = Writer.open(directory, { pageSize: PAGE_SIZE })
  const child = startTicktape('tail', directory, '--follow', '--json', '--from', 'end')
  let text = ''
  child.stdout?.on('data', chunk => void (text += String(chunk)))
  await once(child, 'spawn')
  for (let price = 0; frames(text).length < 3; price++) {
    writer.write(Quote, { symbol: 'LIVE', price, side: 'buy' })
    await sleep(50)
  }
  expect(frames(text).every(frame => frame['symbol'] === 'LIVE')).toBe(true)
  const before = cpuTime(child.pid)
  await sleep(500)
  expect(cpuTime(child.pid) - before).toBeLessThan(25) // clock ticks of 10 ms: half of one core
  child.kill('SIGINT')
  const [status, signal] = (await once(child, 'exit')) as [number | null, string | null]
  expect([status, signal]).toEqual([130, null])
})

test('--follow with --limit ends by itself', async () => {
  const { directory } = await journal(20)
  using writer = Writer.open(directory, { pageSize: PAGE_SIZE })
  const child = startTicktape('tail', directory, '-f', '-n', '3', '--json', '--from', 'end')
  const exit = once(child, 'exit')
  const timer = setInterval(() => writer.write(Quote, { symbol: 'LIVE', price: 1, side: 'buy' }), 20)
  const text = await outputUntil(child, /(.*\n){3}/)
  expect((await exit)[0]).toBe(0)
  clearInterval(timer)
  expect(frames(text)).toHaveLength(3)
})

test('--follow without --from shows the last frames and continues: -n says where to begin, not where to end', async () => {
  const { directory, positions } = await journal(20)
  using writer = Writer.open(directory, { pageSize: PAGE_SIZE })
  const child = startTicktape('tail', directory, '-f', '-n', '1', '--json')
  const timer = setInterval(() => writer.write(Quote, { symbol: 'LIVE', price: 1, side: 'buy' }), 20)
  const text = await outputUntil(child, /(.*\n){4}/)
  clearInterval(timer)
  const shown = frames(text).map(frame => frame.position)
  expect(shown[0]).toBeGreaterThanOrEqual(positions.at(-1) as number)
  expect(shown).toEqual(shown.map((_, i) => shown[0] + i))
})

test('a follower that retention has overtaken reports it and continues with the frames that exist', async () => {
  const { directory } = await journal(20)
  using writer = Writer.open(directory, { pageSize: PAGE_SIZE })
  const child = startTicktape('tail', directory, '--follow', '--json', '--from', 'end')
  let text = ''
  let errors = ''
  child.stdout?.on('data', chunk => void (text += String(chunk)))
  child.stderr?.on('data', chunk => void (errors += String(chunk)))
  const write = (): number => writer.write(Quote, { symbol: 'LIVE', price: writer.position, side: 'buy' })
  for (; text === ''; await sleep(20)) write()
  child.kill('SIGSTOP')
  while (writer.position < 6 * CAPACITY) write()
  const { firstPosition } = await prune(directory, { pages: 2 })
  child.kill('SIGCONT')
  const last = write()
  while (frames(text.slice(0, text.lastIndexOf('\n') + 1)).at(-1)?.position !== last) await sleep(20)
  expect(errors).toMatch(/^ERR_POSITION_GONE: [^\n]+\n$/)
  const positions = frames(text).map(frame => frame.position)
  const jump = positions.findIndex((position, i) => i > 0 && position !== positions[i - 1] + 1)
  expect(positions[jump]).toBe(firstPosition)
  expect(positions.slice(jump)).toEqual(Array.from({ length: last - firstPosition + 1 }, (_, i) => firstPosition + i))
})

test('--durable shows only frames that survive power loss', async () => {
  const directory = join(makeFolder('disk'), 'j')
  using writer = Writer.open(directory, { pageSize: PAGE_SIZE, durability: 'commit' })
  fill(writer, 10)
  await writer.flush()
  fill(writer, 5)
  expect(frames(ticktape('tail', directory, '--json', '--durable').stdout).at(-1)?.position).toBe(10)
  expect(frames(ticktape('tail', directory, '--json').stdout).at(-1)?.position).toBe(16)
  expect(ticktape('tail', directory, '--durable').stderr).toBe('')
})

test('--durable of a journal that is never synced reports that no frame will be durable', async () => {
  const { directory } = await journal(20)
  const { status, stdout, stderr } = ticktape('tail', directory, '--durable')
  expect([status, stdout]).toEqual([0, ''])
  expect(stderr).toMatch(/^[^\n]*no frame is durable[^\n]*leave out --durable\n$/)
})

test('it ends quietly when its output is closed', async () => {
  const { directory } = await journal(3000)
  const command = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))
  const result = spawnSync(
    'sh',
    ['-c', `"${process.execPath}" "${command}" tail "${directory}" --from start --json | head -1; exit 0`],
    { encoding: 'utf8' },
  )
  expect(frames(result.stdout)).toHaveLength(1)
  expect(result.stderr).toBe('')
})

test('an output that cannot be written is an error', async () => {
  const { directory } = await journal(20)
  const command = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))
  const result = spawnSync('sh', ['-c', `"${process.execPath}" "${command}" tail "${directory}" > /dev/full`], {
    encoding: 'utf8',
  })
  expect(result).toMatchObject({ status: 2, stderr: expect.stringMatching(/^ENOSPC: /) as string })
})

test('damage is reported with a named error and exit code 1', async () => {
  const { directory } = await journal()
  patch(pageFile(directory, 1), slotAt(5) + 2, [0])
  const { status, stdout, stderr } = ticktape('tail', directory, '--from', 'start', '--json')
  expect(status).toBe(1)
  expect(frames(stdout).at(-1)?.position).toBe(CAPACITY + 4)
  expect(JSON.parse(stderr)).toMatchObject({
    error: { code: 'ERR_CORRUPT_JOURNAL', position: CAPACITY + 5, path: pageFile(directory, 1) },
  })
})

test('an error in the arguments is reported in one line, with exit code 2', async () => {
  const { directory } = await journal(20)
  for (const args of [
    ['--from', 'yesterday'],
    ['--limit', '0'],
    ['--limit', 'x'],
    ['--from'],
    ['--bogus'],
    ['--from', '99999'],
    ['--from', '11'],
  ]) {
    const { status, stdout, stderr } = ticktape('tail', directory, ...args)
    expect([args, status, stdout]).toEqual([args, 2, ''])
    expect(stderr).toMatch(/^ERR_\w+: [^\n]+\n$/)
  }
  expect(ticktape('tail').status).toBe(2)
  expect(ticktape('tale')).toMatchObject({
    status: 2,
    stderr: expect.stringContaining("unknown command 'tale'") as string,
  })
})

test('a stack trace only with TICKTAPE_DEBUG', () => {
  const none = join(makeFolder(), 'none')
  expect(ticktape('tail', none).stderr).not.toContain('    at ')
  expect(ticktapeWith({ TICKTAPE_DEBUG: '1' }, 'tail', none).stderr).toContain('    at ')
})

test('a journal without read permission is reported with a named error', async context => {
  if (process.getuid?.() === 0) context.skip('root may read everything')
  const { directory } = await journal(20)
  chmodSync(directory, 0)
  const { status, stderr } = ticktape('tail', directory)
  chmodSync(directory, 0o700)
  expect(status).toBe(2)
  expect(stderr).toMatch(/^ERR_SYSTEM: EACCES/)
})

test('an empty directory is not a journal', () => {
  const directory = join(makeFolder(), 'empty')
  mkdirSync(directory)
  expect(ticktape('tail', directory)).toMatchObject({
    status: 2,
    stderr: expect.stringMatching(/^ERR_JOURNAL_NOT_FOUND: /) as string,
  })
})

/** Clock ticks that a process has used. */
function cpuTime(pid: number | undefined): number {
  const fields = readFileSync(`/proc/${String(pid)}/stat`, 'utf8')
    .split(') ')[1]
    .split(' ')
  return Number(fields[11]) + Number(fields[12])
}
