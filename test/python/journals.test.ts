// Journals between the library and the package for Python: the same bytes, the same values, the same recovery.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import * as fc from 'fast-check'
import {
  ascii,
  bool,
  bytes,
  enumOf,
  f32,
  f64,
  frame,
  i8,
  i16,
  i32,
  i64,
  instrument,
  on,
  Reader,
  text,
  u8,
  u16,
  u32,
  u64,
  type Values,
  verify,
  Writer,
} from 'ticktape'
import { describe, expect, onTestFinished, test } from 'vitest'
import { listDirectory } from '../../dist/journal/files/directory.js'
import { makeFolder } from '../support/folders.ts'
import { flip, Heard, moveToOtherBoot, PAGE_SIZE, pageFile, slotAt } from '../support/journals.ts'
import { ENVIRONMENT, NO_PYTHON, PACKAGE, PYTHON } from '../support/python.ts'
import { makeReplica } from '../support/replicas.ts'

const PEER = join(PACKAGE, 'tests/peer.py')
/** How often each side is killed. */
const KILLS = Number(process.env['TICKTAPE_PYTHON_KILLS'] ?? 2)
const DURABILITIES = ['process', 'interval'] as const

function start(...args: readonly string[]): ChildProcess {
  const child = spawn(PYTHON, [PEER, ...args], { env: ENVIRONMENT, stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  return child
}

/** Runs the Python side to its end. Returns what it printed, or its error. */
async function peer(...args: readonly string[]): Promise<string> {
  const child = spawn(PYTHON, [PEER, ...args], { env: ENVIRONMENT, stdio: ['ignore', 'pipe', 'pipe'] })
  let [said, error] = ['', '']
  child.stdout.on('data', chunk => void (said += String(chunk)))
  child.stderr.on('data', chunk => void (error += String(chunk)))
  const [status] = (await once(child, 'close')) as [number | null]
  return status === 0 ? said : error
}

const Numbers = frame('Numbers', 11, { a: u8, b: i8, c: u16, d: i16, e: u32, f: i32, g: f32, h: f64, i: bool })
const Wide = frame(
  'Wide',
  12,
  {
    instrument,
    legInstrument: instrument,
    venueTime: i64,
    orderId: u64,
    side: enumOf('buy', 'sell', 'é'),
    label: text(9),
    code: ascii(5),
    raw: bytes(3),
    from: u8,
  },
  { slots: 2 },
)

const NUMBERS: fc.Arbitrary<Values<typeof Numbers>> = fc.record({
  a: fc.integer({ min: 0, max: 255 }),
  b: fc.integer({ min: -128, max: 127 }),
  c: fc.integer({ min: 0, max: 65535 }),
  d: fc.integer({ min: -32768, max: 32767 }),
  e: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  f: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
  g: fc.float(),
  h: fc.oneof(fc.double(), fc.constantFrom(-0, 5e-324, Number.NaN, Number.MAX_VALUE)),
  i: fc.boolean(),
})

/** Any text without NUL and half pairs that fits. */
const textOf = (most: number): fc.Arbitrary<string> =>
  fc.string({ unit: 'binary', maxLength: most }).filter(one => !one.includes('\0') && Buffer.byteLength(one) <= most)

const WIDE: fc.Arbitrary<Values<typeof Wide>> = fc.record({
  instrument: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  legInstrument: fc.constantFrom(0, 3),
  venueTime: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  orderId: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  side: fc.constantFrom('buy', 'sell', 'é'),
  label: textOf(9),
  code: fc.string({ unit: fc.integer({ min: 1, max: 127 }).map(code => String.fromCharCode(code)), maxLength: 5 }),
  raw: fc.uint8Array({ minLength: 3, maxLength: 3 }),
  from: fc.integer({ min: 0, max: 255 }),
})

/** As peer.py prints it. */
function plain(kind: string, value: unknown): unknown {
  if (kind === 'f32' || kind === 'f64') {
    // Of the values that are no number only the common one: others are not kept by JavaScript.
    const bits = Buffer.alloc(8)
    bits.writeDoubleLE(value as number)
    return Number.isNaN(value) ? 'nan' : bits.toString('hex')
  }
  if (kind === 'bytes') return Buffer.from(value as Uint8Array).toString('hex')
  return typeof value === 'bigint' || typeof value === 'number' ? String(value) : value
}

interface Printed {
  readonly name: string
  readonly header: readonly string[]
  readonly fields: Readonly<Record<string, unknown>>
}

/** All frames of a journal, as peer.py prints them. */
function printed(journal: string): Printed[] {
  using reader = Reader.open(journal)
  const lines: Printed[] = []
  for (const one of reader) {
    const { definition } = one
    const values = one.toObject() as Readonly<Record<string, unknown>>
    const fields = definition?.fields.map(({ name, kind }) => [name, plain(kind, values[name])] as const) ?? []
    const { position, time, cause, causeJournal, source = 0, dest = 0 } = one
    const header = [position, time, cause ?? 'None', causeJournal ?? 'None', source, dest].map(String)
    lines.push({ name: definition?.name ?? '', header, fields: Object.fromEntries(fields) })
  }
  return lines
}

/** What peer.py printed. Its NaNs may have any bits. */
function linesOf(said: string): Printed[] {
  const isNan = (value: unknown): boolean =>
    /^[0-9a-f]{12}f[8-f][7f]f$/.test(String(value)) && Number.isNaN(Buffer.from(String(value), 'hex').readDoubleLE())
  return said
    .split('\n')
    .filter(line => line !== '')
    .map(line => {
      const found = JSON.parse(line) as Printed
      const fields = Object.entries(found.fields).map(([name, value]) => {
        const isFloat = name === 'g' || name === 'h'
        return [name, isFloat && isNan(value) ? 'nan' : value] as const
      })
      return { ...found, fields: Object.fromEntries(fields) }
    })
}

/** Waits until a process says that it writes. Its output stays open: it may not have finished its line. */
async function firstWords(child: ChildProcess): Promise<void> {
  if (child.stdout !== null) await once(child.stdout, 'data')
}

/** Kills a process that must be alive: one that has ended by itself has failed. */
async function killed(child: ChildProcess): Promise<void> {
  expect([child.exitCode, child.signalCode]).toEqual([null, null])
  const ended = once(child, 'exit')
  child.kill('SIGKILL')
  expect(await ended).toEqual([null, 'SIGKILL'])
}

describe.skipIf(NO_PYTHON)('Python', () => {
  test.each(DURABILITIES)(
    'reads every kind of field as it was written, and writes the same: %s',
    { timeout: 60_000 },
    async durability => {
      const journal = join(makeFolder('memory'), 'journal')
      const copy = join(makeFolder('memory'), 'copy')
      const values = fc.sample(fc.array(fc.tuple(NUMBERS, WIDE), { minLength: 400, maxLength: 400 }), {
        numRuns: 1,
        seed: 7,
      })[0]
      {
        using writer = Writer.open(journal, { pageSize: PAGE_SIZE, durability })
        writer.addInstruments([{ number: 3, venue: 'v', symbol: 'BTC' }])
        for (const [numbers, wide] of values) {
          const cause = writer.write(Numbers, numbers)
          writer.write(Wide, wide, { cause, source: 65535, dest: 3 })
        }
        await writer.flush()
      }
      const expected = printed(journal)
      expect(expected).toHaveLength(800)
      expect(linesOf(await peer('read', journal))).toEqual(expected)

      expect(await peer('write', journal, copy, durability)).toBe('')
      const [theirs, ours] = [printed(copy), expected].map(list =>
        list.map(({ name, header, fields }) => ({ name, fields, cause: header.slice(2) })),
      )
      expect(theirs).toEqual(ours)
      expect(await verify(copy, { deep: true })).toMatchObject({
        sound: true,
        findings: expect.any(Array) as unknown[],
      })
    },
  )

  test.each(DURABILITIES)(
    'and Node recover journals whose writer was killed, each after the other: %s',
    { timeout: KILLS > 10 ? 600_000 : 60_000 },
    async durability => {
      const journal = join(makeFolder('memory'), 'journal')
      const Small = frame('Small', 1, { n: u64 })
      const Large = frame('Large', 2, { n: u64, other: u32 }, { slots: 3 })
      let last = 0n
      const check = async (): Promise<void> => {
        using reader = Reader.open(journal)
        let n = 0n
        // Also after a kill no frame is missing, and no group is there in part.
        for (const one of reader)
          if ((one as unknown as { n: bigint }).n !== ++n)
            throw new Error(`the frame at ${one.position} should be ${n}`)
        expect(n % 3n).toBe(0n)
        expect(n).toBeGreaterThanOrEqual(last)
        last = n
        expect(await verify(journal, { deep: true })).toMatchObject({ sound: true, findings: [] })
      }
      const writeHere = (): void => {
        using writer = Writer.open(journal, { pageSize: PAGE_SIZE, durability })
        writer.atomic(9, () => {
          for (let i = 1n; i <= 3n; i++) {
            if (i === 2n) writer.write(Large, { n: last + i, other: 1 })
            else writer.write(Small, { n: last + i })
          }
        })
      }
      for (let kill = 0; kill < KILLS; kill++) {
        const writer = start('kill-me', journal, durability)
        await firstWords(writer)
        await sleep(1 + ((kill * 37) % 90))
        await killed(writer)
        await check()
        writeHere()
        await check()
        // The other way round: a writer of the library is killed, and Python goes on.
        const ours = spawn(process.execPath, ['--input-type=module', '-e', OUR_WRITER, journal, durability], {
          stdio: ['ignore', 'pipe', 'inherit'],
        })
        onTestFinished(() => void ours.kill('SIGKILL'))
        await firstWords(ours)
        await sleep(1 + ((kill * 53) % 40))
        await killed(ours)
        await check()
        expect(await peer('append', journal, durability)).toBe('writes\n')
        await check()
      }
    },
  )

  test('keeps what is durable after the machine stopped, and refuses what is damaged', {
    timeout: 60_000,
  }, async () => {
    const journal = join(makeFolder('memory'), 'journal')
    expect(await peer('append', journal, 'interval')).toBe('writes\n')
    const { pages } = listDirectory(journal)
    for (const page of pages) moveToOtherBoot(pageFile(journal, page))
    expect(await peer('append', journal, 'interval')).toBe('writes\n')
    // It goes on with a new page: no frames are appended to one of another boot.
    expect(listDirectory(journal).pages.length).toBeGreaterThan(pages.length)
    let n = 0n
    const counting = on(frame('Small', 1, { n: u64 }), one => expect(one.n).toBe(++n)).on(
      frame('Large', 2, { n: u64, other: u32 }, { slots: 3 }),
      one => expect(one.n).toBe(++n),
    )
    using reader = Reader.open(journal)
    while (reader.poll(counting, 1000) > 0);
    expect(await verify(journal, { deep: true })).toMatchObject({ sound: true, findings: [] })

    const last = listDirectory(journal).pages.at(-1) ?? 0
    moveToOtherBoot(pageFile(journal, last))
    flip(pageFile(journal, last), slotAt(0) + 20)
    expect(await peer('append', journal, 'interval')).toMatch(
      /RecoveryRefusedError: .* marked as durable\. Nothing was changed/,
    )
  })

  test('and Node wake each other', { timeout: 60_000 }, async () => {
    const journal = join(makeFolder('memory'), 'journal')
    const Small = frame('Small', 1, { n: u64 })
    {
      using writer = Writer.open(journal, { pageSize: PAGE_SIZE, frames: [Small] })
      const child = start('follow', journal, '20')
      const heard = new Heard(child)
      await heard.until(/follows/)
      for (let n = 0; n < 20; n++) {
        await sleep(10)
        writer.write(Small, { n: BigInt(n) })
      }
      const { count, share } = JSON.parse((await heard.until(/\{.*\}/)).replace('follows', '')) as {
        count: number
        share: number
      }
      expect(count).toBe(20)
      expect(share).toBeLessThan(0.9) // It slept.
    }
    using reader = Reader.open(journal, { from: 'end' })
    const done = new AbortController()
    let seen = 0
    const count = (): void => {
      seen++
    }
    const following = reader.run(on(Small, count).on(frame('Large', 2, { n: u64, other: u32 }, { slots: 3 }), count), {
      wait: 'event-loop',
      signal: done.signal,
    })
    await peer('append', journal, 'process')
    await expect.poll(() => seen).toBeGreaterThan(2)
    done.abort()
    await following.catch((error: unknown) => {
      if (error !== done.signal.reason) throw error
    })
  })

  test('passes its own tests', { timeout: 60_000 }, async () => {
    const child = spawn(PYTHON, ['-m', 'unittest', 'discover', '-s', join(PACKAGE, 'tests')], {
      env: ENVIRONMENT,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let said = ''
    child.stderr.on('data', chunk => void (said += String(chunk)))
    const [status] = (await once(child, 'close')) as [number | null]
    expect(said).toMatch(/Ran [1-9]\d* tests/)
    expect(status, said).toBe(0)
  })
})

test.skipIf(NO_PYTHON)('a replica is refused by the writer in Python, and stays as it is', () => {
  const folder = makeFolder()
  const [source, replica] = [join(folder, 'source'), join(folder, 'replica')]
  Writer.open(source, { pageSize: PAGE_SIZE, durability: 'process' }).close()
  makeReplica(replica, source)
  const code = 'import sys, ticktape; ticktape.Writer(sys.argv[1])'
  const { status, stderr } = spawnSync(PYTHON, ['-c', code, replica], { env: ENVIRONMENT, encoding: 'utf8' })
  expect(status).toBe(1)
  expect(stderr).toMatch(/ReplicaError: .*is a replica/)
  makeReplica(replica, source)
})

/** A program that appends as peer.py does, until it is killed. */
const OUR_WRITER = `
import { Reader, Writer, frame, u32, u64 } from ${JSON.stringify(join(import.meta.dirname, '../../dist/public/index.js'))}
const [journal, durability] = process.argv.slice(1)
const Small = frame('Small', 1, { n: u64 })
const Large = frame('Large', 2, { n: u64, other: u32 }, { slots: 3 })
const writer = Writer.open(journal, { pageSize: ${PAGE_SIZE}, durability })
let n = 0n
for (const one of Reader.open(journal)) n = one.n
process.stdout.write('writes\\n')
const end = Date.now() + 60_000
while (Date.now() < end) {
  writer.atomic(9, () => {
    writer.write(Small, { n: ++n })
    writer.write(Large, { n: ++n, other: 1 })
    writer.write(Small, { n: ++n })
  })
  await new Promise(resolve => setImmediate(resolve))
}
`
