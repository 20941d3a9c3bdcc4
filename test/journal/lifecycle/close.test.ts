import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { MergedReader, on, Reader, Writer } from 'ticktape'
import { describe, expect, it, onTestFinished } from 'vitest'
import { runChild, startChild } from '../../support/child.ts'
import { failureOf, rejectionOf } from '../../support/failures.ts'
import { removeLive } from '../../support/folders.ts'
import { Count } from '../../support/frames.ts'
import { journalPath, openReader, openWriter, readNumbers, upTo, writeCounts } from '../../support/open.ts'
import { LINUX, skipUnless } from '../../support/skips.ts'

describe('after close', () => {
  it.each<[string, (writer: Writer) => unknown]>([
    ['begin', writer => writer.begin(Count)],
    ['write', writer => writer.write(Count, { n: 1 })],
    ['commit', writer => writer.commit()],
    ['abort', writer => writer.abort()],
    ['cork', writer => writer.cork()],
    ['uncork', writer => writer.uncork()],
    ['batch', writer => writer.batch(() => {})],
    ['atomic', writer => writer.atomic(1, () => {})],
    ['position', writer => writer.position],
    ['durable', writer => writer.durable],
  ])('writer.%s is an error, in whatever state it was closed', (_, use) => {
    for (const prepare of [
      () => {},
      (w: Writer) => w.write(Count, { n: 1 }),
      (w: Writer) => w.begin(Count),
      (w: Writer) => w.cork(),
    ]) {
      const writer = openWriter()
      prepare(writer)
      writer.close()
      expect(failureOf(() => use(writer))).toMatchObject({ code: 'ERR_CLOSED', path: writer.path })
    }
  })

  it('writer.flush rejects', async () => {
    const writer = openWriter()
    writer.close()
    expect((await rejectionOf(writer.flush())).code).toBe('ERR_CLOSED')
  })

  it.each<[string, (reader: Reader) => unknown]>([
    ['poll', reader => reader.poll(on(Count, () => {}))],
    ['for of', reader => [...reader]],
    ['for await', reader => reader[Symbol.asyncIterator]()],
    ['follow', reader => reader.follow()],
    ['position', reader => reader.position],
    ['lag', reader => reader.lag],
    ['seek', reader => reader.seek('start')],
  ])('reader.%s is an error', (_, use) => {
    const writer = openWriter()
    writeCounts(writer, 0, 3)
    const reader = openReader(writer.path)
    reader.close()
    reader.close()
    expect(failureOf(() => use(reader))).toMatchObject({ code: 'ERR_CLOSED', path: writer.path })
  })

  it.each<[string, (reader: MergedReader) => unknown]>([
    ['poll', reader => reader.poll(on(Count, () => {}))],
    ['for of', reader => [...reader]],
    ['for await', reader => reader[Symbol.asyncIterator]()],
    ['positions', reader => reader.positions],
    ['lag', reader => reader.lag],
  ])('merged.%s is an error', (_, use) => {
    const reader = MergedReader.open([openWriter().path])
    reader.close()
    reader.close()
    expect(failureOf(() => use(reader)).code).toBe('ERR_CLOSED')
  })

  it('run rejects', async () => {
    const writer = openWriter()
    const reader = openReader(writer.path)
    const merged = MergedReader.open([writer.path])
    reader.close()
    merged.close()
    expect((await rejectionOf(reader.run(on(Count, () => {})))).code).toBe('ERR_CLOSED')
    expect((await rejectionOf(merged.run(on(Count, () => {})))).code).toBe('ERR_CLOSED')
  })

  it('readers continue after the writer is closed, and after the journal is removed', async () => {
    const writer = openWriter()
    writeCounts(writer, 0, 500)
    const reader = openReader(writer.path)
    writer.close()
    removeLive(writer.path)
    // schema.json is removed too, so the reader needs handlers that have the definition.
    const seen: number[] = []
    const handlers = on(Count, count => seen.push(count.n))
    expect([reader.poll(handlers, 500), reader.poll(handlers, 500)]).toEqual([500, 0])
    expect(seen).toEqual(upTo(500))
    reader.close()
  })
})

/** The files of a journal that a process still has open or mapped. */
function heldOf(path: string, pid: number | 'self' = 'self'): { mappings: number; files: number } {
  const mappings = readFileSync(`/proc/${pid}/maps`, 'utf8')
    .split('\n')
    .filter(line => line.includes(path)).length
  const files = readdirSync(`/proc/${pid}/fd`).length
  return { mappings, files }
}

describe.skipIf(skipUnless(LINUX, 'what was opened is released', 'it is read from /proc'))(
  'what was opened is released',
  () => {
    it('by close, and by an open that fails', () => {
      const path = journalPath()
      openWriter(path, { frames: [Count] }).close()
      const use = () => {
        const writer = Writer.open(path)
        writeCounts(writer, 0, 1000)
        const reader = Reader.open(path, { from: { name: 'x' } })
        readNumbers(reader)
        failureOf(() => Writer.open(path))
        failureOf(() => Reader.open(path, { from: { name: 'x' } }))
        failureOf(() => Reader.open(path, { from: { position: 1e9 } }))
        failureOf(() => MergedReader.open([path, `${path}-none`]))
        reader.close()
        writer.close()
        failureOf(() => Writer.open(path, { pageSize: 2 ** 20 }))
      }
      use()
      const before = heldOf(path)
      for (let i = 0; i < 30; i++) use()
      expect(heldOf(path)).toEqual(before)
      expect(before.mappings).toBe(0)
    })

    it('page by page while a journal is read and written', () => {
      const writer = openWriter()
      const reader = openReader(writer.path)
      let most = 0
      for (let n = 0; n < 100; n++) {
        writeCounts(writer, n * 1000, (n + 1) * 1000)
        readNumbers(reader)
        most = Math.max(most, heldOf(writer.path).mappings)
      }
      // For each side: its page, the next page, and one that is being unmapped; and `control` twice.
      expect(most).toBeLessThanOrEqual(10)
    })
  },
)

const RING = `
  const { parentPort, workerData } = require('node:worker_threads')
  import('ticktape').then(({ Writer, Reader, frame, f64, on }) => {
    const Count = frame('Count', 2, { n: f64 })
    const { dir, role } = workerData
    if (role === 'writer') {
      const writer = Writer.open(dir, { pageSize: 65536 })
      parentPort.postMessage('open')
      let n = 0
      const write = () => {
        for (let i = 0; i < 500; i++) writer.write(Count, { n: n++ })
        setImmediate(write)
      }
      write()
    } else {
      const reader = Reader.open(dir, { from: { name: 'worker' } })
      parentPort.postMessage('open')
      if (role === 'reader') reader.run(on(Count, () => {}), { wait: workerData.wait })
      else (async () => { for await (const frame of reader) void frame.position })()
    }
  })
`

async function startWorker(workerData: Record<string, unknown>): Promise<Worker> {
  const worker = new Worker(RING, { eval: true, workerData })
  onTestFinished(async () => {
    await worker.terminate()
  })
  await new Promise((resolve, reject) => {
    worker.once('message', resolve)
    worker.once('error', reject)
  })
  return worker
}

describe('worker threads', () => {
  it('a writer in one is read in another, in order and without a gap', async () => {
    const path = journalPath()
    await startWorker({ dir: path, role: 'writer' })
    const reader = openReader(path)
    const controller = new AbortController()
    let next = 0
    await reader.run(
      on(Count, count => {
        if (count.n !== next++) throw new Error(`${count.n} instead of ${next - 1}`)
        if (next === 100_000) controller.abort()
      }),
      { signal: controller.signal },
    )
    expect(next).toBeGreaterThanOrEqual(100_000)
  })

  it('a journal whose writer was terminated in the middle can be continued at once', async () => {
    const path = journalPath()
    for (let round = 1; round <= 5; round++) {
      const worker = await startWorker({ dir: path, role: 'writer' })
      await new Promise(resolve => setTimeout(resolve, 10 * round))
      await worker.terminate()
      const writer = openWriter(path)
      expect(writer.epoch).toBe(2 * round)
      writer.close()
    }
    const numbers = readNumbers(openReader(path))
    expect(numbers.length).toBeGreaterThan(1000)
    numbers.forEach((n, i) => {
      if (n !== 0 && n !== numbers[i - 1] + 1) expect.unreachable(`${n} after ${numbers[i - 1]}`)
    })
  })

  it.each(['spin', 'yield', 'park', 'event-loop', 'for await'])(
    'a reader that is terminated in the middle (%s) frees its name',
    async wait => {
      const writer = openWriter()
      const worker = await startWorker({ dir: writer.path, role: wait === 'for await' ? 'follower' : 'reader', wait })
      expect(failureOf(() => openReader(writer.path, { from: { name: 'worker' } })).code).toBe('ERR_READER_BUSY')
      writeCounts(writer, 0, 3000)
      await new Promise(resolve => setTimeout(resolve, 20))
      await worker.terminate()
      openReader(writer.path, { from: { name: 'worker' } })
      writeCounts(writer, 0, 3000)
    },
  )

  it('many threads start and end', async () => {
    const writer = openWriter()
    writeCounts(writer, 0, 2000)
    for (let i = 0; i < 8; i++) {
      const workers = await Promise.all(
        upTo(3).map(async () => {
          const worker = new Worker(RING.replace("{ from: { name: 'worker' } }", '{}'), {
            eval: true,
            workerData: { dir: writer.path, role: 'follower' },
          })
          await new Promise(resolve => worker.once('message', resolve))
          return worker
        }),
      )
      writeCounts(writer, 0, 100)
      await Promise.all(workers.map(worker => worker.terminate()))
    }
  })
})

describe('a process ends normally', () => {
  const stages: Record<string, string> = {
    'with a writer open': '',
    'with a frame begun': 'writer.begin(Count)',
    'while corked': 'writer.cork(); writer.write(Count, { n: 10 })',
    'with a reader open': "const reader = Reader.open(dir, { from: { name: 'x' } }); reader.poll(on(Count, () => {}))",
    'inside a handler': 'Reader.open(dir).poll(on(Count, () => process.exit(0)))',
    'inside an iteration': 'for (const frame of Reader.open(dir)) process.exit(0)',
    'in the middle of a flush': 'void writer.flush(); process.exit(0)',
    'while something sleeps in the event loop':
      "const reader = Reader.open(dir, { from: 'end' }); setTimeout(() => process.exit(0), 30); for await (const f of reader) void f",
    'while something parks':
      "const reader = Reader.open(dir, { from: 'end' }); setTimeout(() => process.exit(0), 30); await reader.run(on(Count, () => {}), { wait: 'park' })",
    'while pages are created': 'for (let n = 0; n < 960; n++) writer.write(Count, { n }); process.exit(0)',
    'with everything closed': 'writer.close()',
    'in an exit handler':
      "process.on('exit', () => { writer.write(Count, { n: 10 }); writer.close(); Reader.open(dir).close() })",
  }

  for (const [stage, code] of Object.entries(stages)) {
    for (const durability of ['process', 'interval'] as const) {
      it(`${stage} (${durability})`, async () => {
        const path = journalPath(durability === 'process' ? 'memory' : 'disk')
        const result = await runChild(
          `
          const writer = Writer.open(dir, { pageSize: 65536, durability: args[1] })
          for (let n = 0; n < 10; n++) writer.write(Count, { n })
          ${code}
          if (${stage.startsWith('with a') || stage === 'while corked'}) process.exit(0)
        `,
          [path, durability],
        )
        expect(result).toMatchObject({ code: 0, signal: null, stderr: '' })
        const writer = openWriter(path)
        expect(writer.position).toBeGreaterThanOrEqual(10)
        writeCounts(writer, 10, 20)
        expect(readNumbers(openReader(path)).slice(0, 10)).toEqual(upTo(10))
      })
    }
  }

  it('by itself when nothing is awaited, though writer and readers are open', async () => {
    const path = journalPath()
    const child = startChild(
      `
      const writer = Writer.open(dir, { pageSize: 65536 })
      const reader = Reader.open(dir)
      for await (const frame of reader) break
    `.replace('for await', 'writer.write(Count, { n: 0 }); for await'),
      [path],
    )
    expect(await child.end()).toMatchObject({ code: 0, signal: null, stderr: '' })
  })

  it('only after a flush that is awaited has finished', async () => {
    const path = journalPath('disk')
    const result = await runChild(
      `
      const writer = Writer.open(dir, { pageSize: 65536, durability: 'commit' })
      writer.write(Count, { n: 0 })
      say(await writer.flush())
    `,
      [path],
    )
    expect(result).toMatchObject({ code: 0, said: [1] })
  })

  it('not while a reader follows that another process wakes', async () => {
    const writer = openWriter()
    const child = startChild(
      `
      const reader = Reader.open(dir)
      setTimeout(() => say('asleep'), 50)
      for await (const frame of reader) { say(frame.toObject().n); break }
    `,
      [writer.path],
    )
    expect(await child.hear()).toBe('asleep')
    writeCounts(writer, 7, 8)
    expect(await child.hear()).toBe(7)
    expect(await child.end()).toMatchObject({ code: 0, stderr: '' })
  })
})

it('readers get all frames of a journal after each kind of end', () => {
  const path = join(journalPath())
  for (let i = 0; i < 5; i++) {
    using writer = Writer.open(path, { pageSize: 65_536 })
    writeCounts(writer, i * 500, (i + 1) * 500)
    if (i % 2 === 0) writer.begin(Count).n = -1
  }
  expect(readNumbers(openReader(path))).toEqual(upTo(2500))
})
