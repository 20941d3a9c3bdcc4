// Journals between the library and the one for C++: the same bytes, the same values, the same recovery, and each wakes the other.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ascii, enumOf, f64, frame, on, Reader, u8, verify, Writer, WriterLockedError } from 'ticktape'
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { cppStructs } from '../../dist/cli/codegen/cpp.js'
import { listDirectory } from '../../dist/journal/files/directory.js'
import { CPP, compile, NO_CPP } from '../support/cpp.ts'
import { makeFolder, makeFolderForAll } from '../support/folders.ts'
import { flip, Heard, moveToOtherBoot, PAGE_SIZE, pageFile, slotAt, ticktape } from '../support/journals.ts'
import { makeReplica } from '../support/replicas.ts'
import { CPP_FRAMES, Large, Numbers, Small, Wide } from './frames.ts'

/** How often each side is killed. */
const KILLS = Number(process.env['TICKTAPE_CPP_KILLS'] ?? 2)
const DURABILITIES = ['process', 'interval'] as const
const folder = makeFolderForAll()
let program: string

/** Runs the C++ side to its end. Returns what it printed, or its error. */
function peer(...args: readonly (string | number)[]): string {
  const { status, stdout, stderr } = spawnSync(program, ['peer', ...args.map(String)], {
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  })
  return status === 0 ? stdout : stderr
}

function start(command: string, ...args: readonly string[]): ChildProcess {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  return child
}

const linesOf = (text: string): unknown[] =>
  text
    .split('\n')
    .filter(line => line !== '')
    .map(line => JSON.parse(line) as unknown)

/** All frames, as JSON has them. */
function framesOf(journal: string): unknown[] {
  using reader = Reader.open(journal)
  return Array.from(reader, one => JSON.parse(JSON.stringify(one)) as unknown)
}

const sound = async (journal: string): Promise<void> => {
  expect(await verify(journal, { deep: true })).toMatchObject({ sound: true, findings: [] })
}

/** A program that appends groups of three as the C++ side does, until it is killed. */
const OUR_WRITER = `
import { Reader, Writer, frame, u64 } from ${JSON.stringify(join(import.meta.dirname, '../../dist/public/index.js'))}
const [journal, durability] = process.argv.slice(1)
const Small = frame('Small', 1, { n: u64 })
const Large = frame('Large', 2, { n: u64 }, { slots: 2 })
const writer = Writer.open(journal, { pageSize: ${PAGE_SIZE}, durability })
let n = 0n
for (const one of Reader.open(journal)) n = one.n
process.stdout.write('writes\\n')
const end = Date.now() + 60_000
while (Date.now() < end) {
  writer.atomic(9, () => {
    for (let i = 0; i < 3; i++) writer.write(++n % 5n === 0n ? Large : Small, { n })
  })
  await new Promise(resolve => setImmediate(resolve))
}
`

const Ticker = frame('Ticker', 1, { symbol: ascii(16), last: f64, bid: f64, ask: f64, volume: f64 })

const TEXTS = ['new', 'a-b', 'a_b', 'a b', '1', '"\\', '??=', '\ud800', '\u0001', '币', 'x__y', '_Z'] as const
const Hostile = frame('class', 3, {
  bool: u8,
  new: u8,
  header: u8,
  kId: u8,
  side: enumOf(...TEXTS),
  Side: u8,
  _Upper: u8,
  a__b: u8,
  a_b: u8,
  linux: f64,
})
/** Prints the bytes of each text, and the values of fields whose names had to change. */
const HOSTILE = `
#include "frames.h"
int main(int, char** word) {
  ticktape::Reader reader(word[1]);
  reader.poll(ticktape::handlers(ticktape::on<frames::class_>([](const frames::class_& f) {
    for (const char c : frames::class_::nameOf(f.side)) std::printf("%02x", static_cast<unsigned char>(c));
    std::printf(" %d%d%d%d%d%d%d%d%.0f\\n", f.bool_, f.new_, f.header_, f.kId_, f.Side, f.x_Upper, f.a_b, f.a_b_, f.linux_);
  })));
  return 0;
}`

describe.skipIf(NO_CPP)('the library for C++', () => {
  beforeAll(() => {
    const [, page] = /```cpp\n(#include[^]*?)```/.exec(readFileSync(join(CPP, '../docs/cpp.md'), 'utf8')) ?? []
    program = compile(folder, 'program', 'ticktape/ticktape.h', [
      {
        name: 'peer',
        source: readFileSync(join(CPP, 'tests/peer.cpp'), 'utf8'),
        headers: { 'frames.h': readFileSync(join(CPP, 'tests/frames.h'), 'utf8') },
      },
      { name: 'page', source: page, headers: { 'frames.h': cppStructs([Ticker]) } },
      { name: 'hostile', source: HOSTILE, headers: { 'frames.h': cppStructs([Hostile]) } },
    ])
  }, 300_000)

  test('has structs as ticktape codegen cpp makes them', () => {
    const journal = join(makeFolder('memory'), 'journal')
    Writer.open(journal, { pageSize: PAGE_SIZE, frames: CPP_FRAMES }).close()
    const { status, stdout } = ticktape('codegen', 'cpp', journal)
    expect(status).toBe(0)
    // The first line says what has made it.
    const structs = (text: string): string => text.slice(text.indexOf('\n'))
    expect(structs(stdout)).toBe(structs(readFileSync(join(CPP, 'tests/frames.h'), 'utf8')))
    expect(stdout).toMatch(/^\/\/ Made by 'ticktape codegen cpp'\./)
  })

  test('compiles names that C++ keeps for itself, and texts of any kind', () => {
    const journal = join(makeFolder('memory'), 'journal')
    {
      using writer = Writer.open(journal, { pageSize: PAGE_SIZE })
      const rest = { bool: 1, new: 2, header: 3, kId: 4, Side: 5, _Upper: 6, a__b: 7, a_b: 8, linux: 9 }
      for (const side of TEXTS) writer.write(Hostile, { ...rest, side })
    }
    const { stdout, stderr } = spawnSync(program, ['hostile', journal], { encoding: 'utf8' })
    expect(stderr).toBe('')
    const hex = (text: string): string => (text === '\ud800' ? 'eda080' : Buffer.from(text).toString('hex'))
    expect(stdout.trim().split('\n')).toEqual(TEXTS.map(value => `${hex(value)} 123456789`))
  })

  test('does what its page says', () => {
    const journal = join(makeFolder('memory'), 'journal')
    Writer.open(journal, { frames: [Ticker], pageSize: PAGE_SIZE }).close()
    const { stdout, stderr } = spawnSync(program, ['page', journal], { encoding: 'utf8' })
    expect(stderr).toBe('')
    expect(stdout.split('\n')).toEqual(
      [0, 1, 2].map(i => `${i} BTC-USDT ${61800.2 + i}`).concat('3 ETH-USDT 0.0', '4 SOL-USDT 0.0', ''),
    )
    using reader = Reader.open(journal)
    const symbols = ['BTC-USDT', 'BTC-USDT', 'BTC-USDT', 'ETH-USDT', 'SOL-USDT']
    expect(Array.from(reader, one => one.is(Ticker) && one.symbol)).toEqual(symbols)
  })

  test.each(DURABILITIES)('reads every kind of field that Node writes, over pages: %s', async durability => {
    const journal = join(makeFolder('memory'), 'journal')
    using writer = Writer.open(journal, { pageSize: PAGE_SIZE, durability })
    writer.addInstruments([
      { number: 1, venue: 'v', symbol: 'a"\\\u2028é' },
      { number: 2 ** 32 - 1, venue: 'v', symbol: '币🚀', tick: 1e-9, inverse: false, calendar: null },
    ])
    for (let i = 0; i < 500; i++) {
      const odd = i % 2
      const cause = writer.write(Numbers, {
        a: 255 * odd,
        b: -128,
        c: 65535,
        d: -1,
        e: 2 ** 32 - 1,
        f: -(2 ** 31),
        g: 0.1,
        h: [Number.NaN, -0, 1e300, 5e-324][i % 4],
        i: odd === 1,
      })
      const wide = {
        instrument: odd,
        legInstrument: 2 ** 32 - 1,
        venueTime: -(2n ** 63n),
        orderId: 2n ** 64n - 1n,
        side: 'é',
        label: '\ufeff🚀\t"',
        code: 'ab',
        raw: Uint8Array.of(0, 1, 255),
        from: i % 256,
      } as const
      writer.write(Wide, wide, { cause, source: i, dest: 65535 })
    }
    await writer.flush()
    const expected = framesOf(journal)
    expect(expected).toHaveLength(1000)
    expect(linesOf(peer('read', journal))).toEqual(expected)
    expect(listDirectory(journal).pages.length).toBeGreaterThan(1)
  })

  test.each(DURABILITIES)('writes what Node reads, and verify finds nothing: %s', async durability => {
    const journal = join(makeFolder('memory'), 'journal')
    expect(peer('kinds', journal, durability, 700)).toBe('')
    const frames = framesOf(journal)
    expect(frames).toHaveLength(1400)
    expect(linesOf(peer('read', journal))).toEqual(frames)
    using first = Reader.open(journal)
    for (const one of first) {
      if (one.is(Numbers)) expect(one.g).toBe(-0)
      break
    }
    expect(frames[2]).toMatchObject({
      type: 'Numbers',
      a: 255,
      b: 127,
      c: 65535,
      d: 32767,
      e: 2 ** 32 - 1,
      f: 2 ** 31 - 1,
      g: Math.fround(0.1),
      h: 5e-324,
      i: true,
    })
    expect(frames[3]).toEqual(
      expect.objectContaining({
        type: 'Wide',
        cause: 3,
        causeJournal: 65535,
        source: 65535,
        dest: 1,
        instrument: 7,
        symbol: '币🚀',
        legInstrument: 2 ** 32 - 1,
        legInstrumentSymbol: 'a"b',
        venueTime: String(-(2n ** 63n)),
        orderId: String(2n ** 64n - 1n),
        side: 'é',
        label: '🚀12345',
        code: 'abcde',
        raw: '0100ff',
        from: 9,
      }),
    )
    using reader = Reader.open(journal)
    expect(reader.instrument(7)).toEqual({ number: 7, venue: 'v', symbol: '币🚀', tick: '0.01', digits: null })
    let seen = 0
    while (
      reader.poll(
        on(Numbers, () => seen++).on(Wide, () => seen++),
        100,
      ) > 0
    );
    expect(seen).toBe(1400)
    await sound(journal)
  })

  test.each(DURABILITIES)(
    'and Node recover journals whose writer was killed, each after the other: %s',
    { timeout: KILLS > 10 ? 600_000 : 60_000 },
    async durability => {
      const journal = join(makeFolder('memory'), 'journal')
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
        await sound(journal)
      }
      for (let kill = 0; kill < KILLS; kill++) {
        const theirs = start(program, 'peer', 'append', journal, durability, '60000')
        await new Heard(theirs).until(/writes/)
        await sleep(1 + ((kill * 37) % 20))
        theirs.kill('SIGKILL')
        await once(theirs, 'close')
        await check()
        const ours = start(process.execPath, '--input-type=module', '-e', OUR_WRITER, journal, durability)
        await new Heard(ours).until(/writes/)
        await sleep(1 + ((kill * 53) % 40))
        ours.kill('SIGKILL')
        await once(ours, 'close')
        await check()
        expect(peer('append', journal, durability, 2)).toBe('writes\n')
        await check()
      }
    },
  )

  test('keeps what is durable after the machine stopped, and refuses what is damaged', async () => {
    const journal = join(makeFolder('memory'), 'journal')
    expect(peer('append', journal, 'interval', 5)).toBe('writes\n')
    const before = framesOf(journal)
    const { pages } = listDirectory(journal)
    for (const page of pages) moveToOtherBoot(pageFile(journal, page))
    expect(peer('append', journal, 'interval', 2)).toBe('writes\n')
    expect(framesOf(journal).slice(0, before.length)).toEqual(before)
    // It goes on with a new page: no frames are appended to one of another boot.
    expect(listDirectory(journal).pages.length).toBeGreaterThan(pages.length)
    await sound(journal)
    const last = listDirectory(journal).pages.at(-1) ?? 0
    moveToOtherBoot(pageFile(journal, last))
    flip(pageFile(journal, last), slotAt(0) + 20)
    expect(peer('append', journal, 'interval', 1)).toMatch(
      /^ERR_RECOVERY_REFUSED: .* marked as durable\. Nothing was changed/,
    )
  })

  test('refuses a replica, and leaves it as it is', () => {
    const own = makeFolder('memory')
    const [source, replica] = [join(own, 'source'), join(own, 'replica')]
    Writer.open(source, { pageSize: PAGE_SIZE, durability: 'process' }).close()
    makeReplica(replica, source)
    expect(peer('append', replica, 'process', 1)).toMatch(/^ERR_REPLICA: .* is a replica/)
    makeReplica(replica, source)
  })

  test('and Node wake each other', async () => {
    const journal = join(makeFolder('memory'), 'journal')
    {
      using writer = Writer.open(journal, { pageSize: PAGE_SIZE, frames: [Small] })
      const heard = new Heard(start(program, 'peer', 'follow', journal, '20'))
      await heard.until(/follows/)
      for (let n = 0; n < 20; n++) {
        await sleep(10)
        writer.write(Small, { n: BigInt(n) })
      }
      // Without a wake-up it looks again after a second.
      const said = JSON.parse((await heard.until(/\{.*\}/)).replace('follows', '')) as { count: number; share: number }
      expect(said.count).toBe(20)
      expect(said.share).toBeLessThan(0.5) // It slept.
    }
    using reader = Reader.open(journal, { from: 'end' })
    const next = reader.follow().next()
    await sleep(20)
    expect(peer('append', journal, 'process', 1)).toBe('writes\n')
    const { value } = await next
    expect(value).toMatchObject({ n: 20n })
  })

  test('keeps to the locks and names that Node has', () => {
    const journal = join(makeFolder('memory'), 'journal')
    {
      using writer = Writer.open(journal, { pageSize: PAGE_SIZE, frames: [Small, Large] })
      expect(peer('try', journal)).toMatch(/^ERR_WRITER_LOCKED: .* already has a writer \(pid \d+\)/)
      for (let n = 1n; n <= 9n; n++) writer.write(Small, { n })
      using named = Reader.open(journal, { from: { name: 'one' } })
      expect(peer('count', journal, 'one')).toMatch(/^ERR_READER_BUSY/)
      named.poll(
        on(Small, () => {}),
        4,
      )
    }
    expect(JSON.parse(peer('count', journal, 'one'))).toEqual({ count: 5, position: 9 })
    expect(JSON.parse(peer('count', journal, 'one'))).toEqual({ count: 0, position: 9 })
    expect(JSON.parse(peer('try', journal))).toEqual({ position: 9, epoch: 2 })
    using again = Writer.open(journal)
    expect(again.recovery.position).toBe(9)
    expect(() => Writer.open(journal)).toThrow(WriterLockedError)
  })
})
