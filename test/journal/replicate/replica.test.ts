import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { f64, frame, instrument, Reader, verify, Writer } from 'ticktape'
import { describe, expect, test } from 'vitest'
import { promote } from '../../../dist/journal/replicate/promote.js'
import type { ReplicaWriter } from '../../../dist/journal/replicate/replica-writer.js'
import { ReplicaWriter as Replica } from '../../../dist/journal/replicate/replica-writer.js'
import type { Run } from '../../../dist/journal/replicate/run.js'
import { RunReader } from '../../../dist/journal/replicate/run-reader.js'
import { makeFolder } from '../../support/folders.ts'
import { Count, Huge, Pair, Tick } from '../../support/frames.ts'
import { CAPACITY, makeJournal, moveToOtherBoot, PAGE_SIZE, pageFile } from '../../support/journals.ts'
import { applyAll, makeReplica, openReplica, pagesOf, SOURCE, textOf } from '../../support/replicas.ts'

const Priced = frame('Priced', 9, { instrument, price: f64 })

/** A journal with frames of all sizes, causes, batches, instruments, over many pages. */
function makeSource(directory: string, rounds = 250): void {
  using writer = Writer.open(directory, { pageSize: PAGE_SIZE, durability: 'process', journalId: 7 })
  for (let i = 0; i < rounds; i++) {
    const cause = writer.write(Count, { n: i })
    writer.write(Pair, { n: i, note: 'led here' }, { cause, source: i, dest: 3 })
    writer.atomic(3 * Tick.slots, () => {
      for (let k = 0; k < 3; k++) writer.write(Tick, { symbol: 'BTC-USDT', last: i, bid: 1, ask: 2, volume: k })
    })
    if (i % 50 === 0) writer.write(Huge, { n: i, blob: new Uint8Array(3).fill(i) })
    if (i % 100 !== 0) continue
    writer.addInstruments([{ number: i + 1, venue: 'okx', symbol: `COIN-${i}`, tick: '0.1' }])
    writer.write(Priced, { instrument: i + 1, price: i })
  }
}

test('a replica has the frames of its source bit for bit, at the same positions, over many pages', async () => {
  const folder = makeFolder('memory')
  const [source, replica] = [join(folder, 'source'), join(folder, 'replica')]
  makeSource(source)
  {
    using reader = RunReader.open(source, { from: 'start' })
    using writer = openReplica(replica, source, { durability: 'commit' })
    writer.addInstruments(JSON.parse(textOf(source, 'instruments.json')).instruments)
    expect(applyAll(reader, writer, 4000)).toBeGreaterThan(20)
    await writer.flush()
    expect(writer.durable).toBe(reader.position)
  }
  expect(pagesOf(source).length).toBeGreaterThan(3)
  expect(pagesOf(replica)).toEqual(pagesOf(source))
  for (const name of ['schema.json', 'instruments.json']) expect(textOf(replica, name)).toBe(textOf(source, name))
  const report = await verify(replica, { deep: true })
  expect(report.findings).toEqual([])
  expect(report.notes).toEqual([])
  expect(framesOf(replica)).toEqual(framesOf(source))
})

function framesOf(directory: string): unknown[] {
  using reader = Reader.open(directory)
  return Array.from(reader, view => ({ ...view.toObject(), cause: view.cause, source: view.source, dest: view.dest }))
}

test('the marks of a replica are those of its source', () => {
  const folder = makeFolder('memory')
  const [source, replica] = [join(folder, 'source'), join(folder, 'replica')]
  makeSource(source)
  makeReplica(replica, source, 40_000)
  const marks = (directory: string): Buffer => readFileSync(pageFile(directory, 1)).subarray(512, 4096)
  expect(marks(source).some(byte => byte !== 0)).toBe(true)
  expect(marks(replica).equals(marks(source))).toBe(true)
})

test('runs of any size, repeated, cut and begun again after any restart give the same frames', () => {
  const folder = makeFolder('memory')
  const source = join(folder, 'source')
  makeSource(source, 150)
  let number = 0
  fc.assert(
    fc.property(
      fc.array(fc.record({ most: fc.integer({ min: 64, max: 80_000 }), back: fc.nat(3), restart: fc.boolean() }), {
        minLength: 1,
        maxLength: 12,
      }),
      steps => {
        const replica = join(folder, `replica-${number++}`)
        const starts = [0]
        let writer = openReplica(replica, source)
        const reader = RunReader.open(source, { from: 'start' })
        try {
          for (const { most, back, restart } of steps) {
            for (let run = 0; run < 5; run++) {
              const next = reader.next(most)
              if (next === undefined) break
              writer.append(next)
              starts.push(next.position)
            }
            if (restart) {
              writer.close()
              writer = openReplica(replica, source)
            }
            if (back > 0) reader.seek(starts[Math.max(0, starts.length - 1 - back)])
          }
          applyAll(reader, writer)
        } finally {
          reader.close()
          writer.close()
        }
        expect(pagesOf(replica)).toEqual(pagesOf(source))
        rmSync(replica, { recursive: true })
      },
    ),
    { numRuns: 15 },
  )
})

test('a replica of a journal whose first pages were removed begins where the source begins', async () => {
  const folder = makeFolder('memory')
  const [source, replica] = [join(folder, 'source'), join(folder, 'replica')]
  makeSource(source)
  rmSync(pageFile(source, 0))
  rmSync(pageFile(source, 1))
  makeReplica(replica, source)
  expect(pagesOf(replica)).toEqual(pagesOf(source))
  expect(existsSync(pageFile(replica, 1))).toBe(false)
  expect((await verify(replica)).findings).toEqual([])
})

test('a page of the source without frames is one of the replica too', () => {
  const folder = makeFolder('memory')
  const [source, replica] = [join(folder, 'source'), join(folder, 'replica')]
  // Each writer with another journal id continues on a page of its own.
  for (const checksums of [true, false, true]) {
    using writer = Writer.open(source, { pageSize: PAGE_SIZE, durability: 'interval', checksums })
    if (writer.position !== CAPACITY) writer.write(Count, { n: 1 })
  }
  expect(pagesOf(source).map(({ number }) => number)).toEqual([0, 2])
  makeReplica(replica, source)
  expect(pagesOf(replica)).toEqual(pagesOf(source))
})

test('a source that leaves its first page empty is replicated from the next one on', () => {
  const folder = makeFolder('memory')
  const [source, replica] = [join(folder, 'source'), join(folder, 'replica')]
  Writer.open(source, { pageSize: PAGE_SIZE, durability: 'interval', checksums: true }).close()
  using reader = RunReader.open(source, { from: 'start' })
  const options = { source: SOURCE, ...reader.kind, firstPosition: reader.position }
  {
    using writer = Writer.open(source, { pageSize: PAGE_SIZE, durability: 'interval', checksums: false })
    expect(writer.write(Count, { n: 1 })).toBe(CAPACITY)
  }
  using writer = Replica.open(replica, options, { durability: 'process' })
  writer.addDefinitions([Count])
  expect(applyAll(reader, writer)).toBe(1)
  expect(pagesOf(replica)).toEqual(pagesOf(source))
})

test('what was appended is counted, and not what the replica had', () => {
  const folder = makeFolder('memory')
  const [source, replica] = [join(folder, 'source'), join(folder, 'replica')]
  makeSource(source, 20)
  using writer = openReplica(replica, source)
  using reader = RunReader.open(source, { from: 'start' })
  const first = reader.next(1000) as Run
  const { appended, appendedFrames } = writer.append(first)
  reader.seek(0)
  const all = reader.next(100_000) as Run & { frames: number }
  expect(writer.append(all)).toMatchObject({
    frames: all.frames,
    appended: (all.bytes.length >> 6) - appended,
    appendedFrames: all.frames - appendedFrames,
  })
  expect(writer.append(all)).toMatchObject({ frames: all.frames, appended: 0, appendedFrames: 0 })
})

describe('a replica of another boot', () => {
  test('continues on the same page, which is one of this boot then', async () => {
    const folder = makeFolder('memory')
    const [source, replica] = [join(folder, 'source'), join(folder, 'replica')]
    makeSource(source, 100)
    using reader = RunReader.open(source, { from: 'start' })
    {
      using writer = openReplica(replica, source, { durability: 'commit' })
      for (let i = 0; i < 20; i++) writer.append(reader.next(1000) as Run)
    }
    moveToOtherBoot(pageFile(replica, 0))
    using writer = openReplica(replica, source, { durability: 'commit' })
    expect(writer.recovery.found).toBe('other-boot')
    expect(writer.position).toBe(reader.position)
    applyAll(reader, writer)
    writer.close()
    expect(pagesOf(replica)).toEqual(pagesOf(source))
    expect((await verify(replica, { deep: true })).findings).toEqual([])
  })

  test('and of another durability, has and has not CRCs as its durability says', async () => {
    const folder = makeFolder('memory')
    const [source, replica] = [join(folder, 'source'), join(folder, 'replica')]
    makeSource(source, 20)
    makeReplica(replica, source, undefined, { durability: 'commit' })
    for (const durability of ['process', 'interval'] as const) {
      makeReplica(replica, source, undefined, { durability })
      expect((await verify(replica, { deep: true })).findings).toEqual([])
      expect(pagesOf(replica)).toEqual(pagesOf(source))
    }
  })
})

describe('refused, with nothing written:', () => {
  /** A source and a replica with its first 50 runs. */
  function begun(): { source: string; replica: string; reader: RunReader; writer: ReplicaWriter } {
    const folder = makeFolder('memory')
    const [source, replica] = [join(folder, 'source'), join(folder, 'replica')]
    makeSource(source, 100)
    const reader = RunReader.open(source, { from: 'start' })
    const writer = openReplica(replica, source)
    for (let i = 0; i < 50; i++) writer.append(reader.next(500) as Run)
    return { source, replica, reader, writer }
  }

  function refusedRun(change: (run: Run) => Run): void {
    const { replica, source, reader, writer } = begun()
    const before = pagesOf(replica)
    const run = reader.next(500) as Run
    expect(() => writer.append(change(run))).toThrow(expect.objectContaining({ code: 'ERR_REPLICA_MISMATCH' }))
    expect(pagesOf(replica)).toEqual(before)
    // The right run is still accepted.
    writer.append(run)
    applyAll(reader, writer)
    writer.close()
    reader.close()
    expect(pagesOf(replica)).toEqual(pagesOf(source))
  }

  const patched = (run: Run, at: number, values: readonly number[]): Run => {
    const bytes = run.bytes.slice()
    bytes.set(values, at)
    return { ...run, bytes }
  }

  test.each<[string, (run: Run) => Run]>([
    ['a gap', run => ({ ...run, after: run.after + 64, position: run.position + 64 })],
    ['a gap that the run denies', run => ({ ...run, position: run.position + 64 })],
    ['frames before its end that it has not', run => ({ ...run, after: run.after - 1, position: run.position - 1 })],
    ['a page that the source has not begun', run => ({ ...run, position: CAPACITY * 9, after: run.after + 64 })],
    ['half a slot', run => ({ ...run, bytes: run.bytes.subarray(0, 96) })],
    ['no frame', run => ({ ...run, bytes: run.bytes.subarray(0, 0) })],
    ['half a frame', run => patched(run, 2, [200])],
    ['a frame of no slots', run => patched(run, 2, [0])],
    ['a type without a definition', run => patched(run, 0, [99, 0])],
    [
      'a frame of other slots than its definition',
      run => patched(run, 0, [run.bytes[0] === Pair.id ? Count.id : Pair.id, 0]),
    ],
    ['flags of a later version', run => patched(run, 3, [0x80])],
    ['a CRC', run => patched(run, 4, [1])],
    ['a time before the last one', run => patched(run, 8, [0, 0, 0, 0, 0, 0, 0, 0])],
    ['a negative position', run => ({ ...run, position: -1, after: -1 })],
    ['a position that is no number', run => ({ ...run, position: Number.NaN })],
  ])('%s', (_, change) => refusedRun(change))

  test('a run that goes past its page', () => {
    refusedRun(run => {
      const one = run.bytes.subarray(0, 64 * run.bytes[2])
      const count = Math.ceil((CAPACITY * 64) / one.length)
      const bytes = Uint8Array.from({ length: count * one.length }, (__, i) => one[i % one.length])
      return { ...run, bytes }
    })
  })

  test('other bytes at positions that it has', () => {
    const { replica, writer, reader, source } = begun()
    reader.close()
    using again = RunReader.open(source, { from: 'start' })
    const run = again.next(500) as Run
    const before = pagesOf(replica)
    expect(() => writer.append(patched(run, 20, [1, 2, 3]))).toThrow(/another frame at position 0/)
    expect(pagesOf(replica)).toEqual(before)
    expect(writer.append(run).appended).toBe(0)
    writer.close()
  })

  test('another definition with an id that it has', () => {
    const { writer, reader } = begun()
    reader.close()
    const Other = frame('Other', Count.id, { m: f64 })
    expect(() => writer.addDefinitions([Other])).toThrow(expect.objectContaining({ code: 'ERR_SCHEMA_MISMATCH' }))
    writer.close()
  })

  test('the runs of another source, and of a journal with another id or another size of pages', () => {
    const { writer, reader, replica } = begun()
    const kind = reader.kind
    reader.close()
    writer.close()
    const before = pagesOf(replica)
    const open = (change: object): void => {
      const source = { source: SOURCE, firstPosition: 0, ...kind, ...change }
      Replica.open(replica, source, { durability: 'process' }).close()
    }
    expect(() => open({ source: '0'.repeat(32) })).toThrow(/is a replica of another journal/)
    expect(() => open({ journalId: 8 })).toThrow(expect.objectContaining({ code: 'ERR_REPLICA_MISMATCH' }))
    expect(() => open({ pageSize: 2 * PAGE_SIZE })).toThrow(expect.objectContaining({ code: 'ERR_INVALID_OPTION' }))
    expect(pagesOf(replica)).toEqual(before)
    open({})
  })
})

describe('who may write', () => {
  test('a writer with frames of its own is refused until the replica is promoted', () => {
    const folder = makeFolder('memory')
    const [source, replica] = [join(folder, 'source'), join(folder, 'replica')]
    makeSource(source, 10)
    const writer = openReplica(replica, source)
    expect(() => promote(replica)).toThrow(expect.objectContaining({ code: 'ERR_WRITER_LOCKED' }))
    writer.close()
    const before = pagesOf(replica)
    expect(() => Writer.open(replica, { journalId: 7 })).toThrow(expect.objectContaining({ code: 'ERR_REPLICA' }))
    expect(pagesOf(replica)).toEqual(before)
    promote(replica)
    expect(() => promote(replica)).toThrow(expect.objectContaining({ code: 'ERR_REPLICA' }))
    const own = Writer.open(replica, { journalId: 7, durability: 'process' })
    own.write(Count, { n: 1 })
    own.close()
    expect(() => openReplica(replica, source)).toThrow(expect.objectContaining({ code: 'ERR_REPLICA' }))
  })

  test('a damaged replica.json still says that the journal is a replica', () => {
    const folder = makeFolder('memory')
    const [source, replica] = [join(folder, 'source'), join(folder, 'replica')]
    makeSource(source, 10)
    makeReplica(replica, source)
    writeFileSync(join(replica, 'replica.json'), '{')
    expect(() => Writer.open(replica, { journalId: 7 })).toThrow(expect.objectContaining({ code: 'ERR_REPLICA' }))
    expect(() => openReplica(replica, source)).toThrow(expect.objectContaining({ code: 'ERR_CORRUPT_JOURNAL' }))
  })

  test('a journal that is no replica is left as it is', async () => {
    const folder = makeFolder('memory')
    const [source, other] = [join(folder, 'source'), join(folder, 'other')]
    makeSource(source, 10)
    await makeJournal(other, 10)
    const before = pagesOf(other)
    expect(() => openReplica(other, source)).toThrow(/no replica, so it is not changed/)
    expect(pagesOf(other)).toEqual(before)
  })

  test('a copy of the source is adopted once one of its frames was found in a run, and not before', () => {
    const folder = makeFolder('memory')
    const [source, replica] = [join(folder, 'source'), join(folder, 'replica')]
    makeSource(source, 100)
    // A copy, made as a journal of its own.
    makeReplica(replica, source)
    promote(replica)
    {
      using more = Writer.open(source, { pageSize: PAGE_SIZE, durability: 'process', journalId: 7 })
      more.write(Count, { n: -1 })
    }
    using writer = openReplica(replica, source, { adopt: true })
    using reader = RunReader.open(source, { from: { position: writer.position } })
    const run = reader.next(1000) as Run
    expect(() => writer.append(run)).toThrow(/nothing shows that it is a copy/)
    expect(existsSync(join(replica, 'replica.json'))).toBe(false)
    using early = RunReader.open(source, { from: 'start' })
    applyAll(early, writer)
    expect(existsSync(join(replica, 'replica.json'))).toBe(true)
    expect(pagesOf(replica)).toEqual(pagesOf(source))
  })
})
