import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { on, Reader } from 'ticktape'
import { describe, expect, it } from 'vitest'
import { startChild } from '../../support/child.ts'
import { failureOf, rejectionOf } from '../../support/failures.ts'
import { makeFolder } from '../../support/folders.ts'
import { Count } from '../../support/frames.ts'
import {
  journalPath,
  openMerged,
  openReader,
  openWriter,
  readNumbers,
  SMALL_CAPACITY,
  upTo,
  writeCounts,
} from '../../support/open.ts'
import { ROOT, skipUnless } from '../../support/skips.ts'

function numberOf(frame: { toObject(): unknown }): number {
  return (frame.toObject() as { n: number }).n
}

describe('for of', () => {
  it('ends at the current end of the journal, and continues there the next time', () => {
    const writer = openWriter()
    const reader = openReader(writer.path)
    for (const upper of [0, 10, SMALL_CAPACITY, SMALL_CAPACITY + 5, 5000]) {
      const from = reader.position
      writeCounts(writer, from, upper)
      expect(readNumbers(reader)).toEqual(upTo(upper - from, from))
    }
  })

  it('continues after a break at the next frame', () => {
    const writer = openWriter()
    writeCounts(writer, 0, 10)
    const reader = openReader(writer.path)
    for (const frame of reader) if (numberOf(frame) === 3) break
    expect(readNumbers(reader)).toEqual([4, 5, 6, 7, 8, 9])
  })

  it('sees frames that are written while it iterates', () => {
    const writer = openWriter()
    writeCounts(writer, 0, 1)
    const seen: number[] = []
    for (const frame of openReader(writer.path)) {
      const n = numberOf(frame)
      seen.push(n)
      if (n < 3000) writeCounts(writer, n + 1, n + 2)
    }
    expect(seen).toEqual(upTo(3001))
  })
})

describe('for await', () => {
  it('gets frames as they are written, over pages', async () => {
    const writer = openWriter()
    const seen: number[] = []
    const feeding = (async () => {
      for (let from = 0; from < 3000; from += 300) {
        writeCounts(writer, from, from + 300)
        await sleep(2)
      }
    })()
    for await (const frame of openReader(writer.path)) {
      seen.push(numberOf(frame))
      if (seen.length === 3000) break
    }
    await feeding
    expect(seen).toEqual(upTo(3000))
  })

  it('ends at once when the signal has aborted before', async () => {
    const writer = openWriter()
    writeCounts(writer, 0, 3)
    const reader = openReader(writer.path, { signal: AbortSignal.abort() })
    for await (const frame of reader) expect.unreachable(`frame ${frame.position}`)
    for await (const frame of openReader(writer.path).follow({ signal: AbortSignal.abort() }))
      expect.unreachable(`frame ${frame.position}`)
  })

  it('ends when the signal aborts while it sleeps', async () => {
    const writer = openWriter()
    const controller = new AbortController()
    const reader = openReader(writer.path, { signal: controller.signal })
    const follower = (async () => {
      for await (const frame of reader) expect.unreachable(`frame ${frame.position}`)
    })()
    await sleep(20)
    controller.abort()
    await follower
    expect(reader.position).toBe(0)
  })

  it('ends when its reader is closed while it sleeps, without waiting for more', async () => {
    const writer = openWriter()
    const reader = openReader(writer.path)
    let slept = 0
    const follower = (async () => {
      for await (const frame of reader) expect.unreachable(`frame ${frame.position}`)
    })()
    const ticking = setInterval(() => slept++, 10)
    await sleep(20)
    reader.close()
    slept = 0
    await follower
    clearInterval(ticking)
    expect(slept).toBeLessThan(50)
  })

  it('ends when its reader is closed while it holds a frame', async () => {
    const writer = openWriter()
    writeCounts(writer, 0, 3)
    const reader = openReader(writer.path)
    let count = 0
    for await (const frame of reader) {
      expect(numberOf(frame)).toBe(0)
      count++
      reader.close()
    }
    expect(count).toBe(1)
  })

  it.each(['a reader', 'a merged reader'])('of %s ends when its iterator is returned while it sleeps', async what => {
    const writer = openWriter()
    const iterator = (what === 'a reader' ? openReader(writer.path) : openMerged([writer.path]))[Symbol.asyncIterator]()
    const next = iterator.next()
    await sleep(20)
    let ticks = 0
    const ticking = setInterval(() => ticks++, 10)
    await iterator.return?.()
    expect(await next).toEqual({ done: true, value: undefined })
    clearInterval(ticking)
    expect(ticks).toBeLessThan(50)
    expect(await iterator.next()).toEqual({ done: true, value: undefined })
  })

  it('can be left and started again', async () => {
    const writer = openWriter()
    writeCounts(writer, 0, 100)
    const reader = openReader(writer.path)
    const seen: number[] = []
    for (let round = 0; round < 10; round++) {
      for await (const frame of reader) {
        seen.push(numberOf(frame))
        if (seen.length % 10 === 0) break
      }
    }
    expect(seen).toEqual(upTo(100))
  })

  it('on a closed reader is an error', async () => {
    const writer = openWriter()
    const reader = openReader(writer.path)
    const merged = openMerged([writer.path])
    reader.close()
    merged.close()
    expect(failureOf(() => reader.follow()).code).toBe('ERR_CLOSED')
    for (const closed of [reader, merged]) {
      const follow = async () => {
        for await (const _ of closed) expect.unreachable()
      }
      expect((await rejectionOf(follow())).code).toBe('ERR_CLOSED')
    }
  })

  it('of many readers with one signal ends with it, and warns of nothing', async () => {
    const writer = openWriter()
    const controller = new AbortController()
    const warnings: Error[] = []
    const warned = (warning: Error) => warnings.push(warning)
    process.on('warning', warned)
    const followers = upTo(30).map(async () => {
      for await (const frame of openReader(writer.path, { signal: controller.signal }))
        expect.unreachable(`frame ${frame.position}`)
    })
    await sleep(30)
    controller.abort()
    await Promise.all(followers)
    process.off('warning', warned)
    expect(warnings).toEqual([])
  })

  it('leaves the frames to a later for of', async () => {
    const writer = openWriter()
    writeCounts(writer, 0, 5)
    const reader = openReader(writer.path)
    for await (const frame of reader) if (numberOf(frame) === 2) break
    expect(readNumbers(reader)).toEqual([3, 4])
  })
})

describe('run', () => {
  it.each(['spin', 'yield', 'park', 'event-loop'] as const)(
    '%s: handles what another process writes, until the signal aborts',
    async wait => {
      const path = journalPath()
      const child = startChild(
        `
      const writer = Writer.open(dir, { pageSize: 65536 })
      say('open'); await line()
      for (let n = 0; n < 3000; n++) {
        writer.write(Count, { n })
        if (n % 500 === 0) await sleep(5)
      }
      say('written'); await line()
    `,
        [path],
      )
      await child.hear()
      const reader = openReader(path)
      const controller = new AbortController()
      const seen: number[] = []
      child.tell()
      const handled = await reader.run(
        on(Count, f => {
          seen.push(f.n)
          if (f.n === 2999) controller.abort()
        }),
        { wait, signal: controller.signal, limit: 100 },
      )
      expect(handled).toBe(3000)
      expect(seen).toEqual(upTo(3000))
    },
  )

  it.each(['spin', 'yield', 'park', 'event-loop'] as const)(
    '%s: lets the event loop run while there is no frame',
    async wait => {
      const writer = openWriter()
      const reader = openReader(writer.path)
      const controller = new AbortController()
      const running = reader.run(
        on(Count, () => {}),
        { wait, signal: controller.signal },
      )
      for (let i = 0; i < 5; i++) await sleep(3)
      controller.abort()
      expect(await running).toBe(0)
    },
  )

  it.each(['spin', 'yield', 'park', 'event-loop'] as const)('%s: ends when the reader is closed', async wait => {
    const writer = openWriter()
    const reader = openReader(writer.path)
    const running = reader.run(
      on(Count, () => {}),
      { wait },
    )
    await sleep(20)
    reader.close()
    expect(await running).toBe(0)
  })

  it('rejects with the error that a handler throws', async () => {
    const writer = openWriter()
    writeCounts(writer, 0, 1)
    const running = openReader(writer.path).run(
      on(Count, () => {
        throw new Error('of the handler')
      }),
    )
    await expect(running).rejects.toThrow('of the handler')
  })

  it.each([{ wait: 'doze' }, { wait: 1 }, { signal: {} }, { limit: 0 }, { limit: 1.5 }, { limits: 5 }, null, 5])(
    'refuses %o',
    async options => {
      const writer = openWriter()
      expect(
        (
          await rejectionOf(
            openReader(writer.path).run(
              on(Count, () => {}),
              options as never,
            ),
          )
        ).code,
      ).toBe('ERR_INVALID_OPTION')
      expect(
        (
          await rejectionOf(
            openMerged([writer.path]).run(
              on(Count, () => {}),
              options as never,
            ),
          )
        ).code,
      ).toBe('ERR_INVALID_OPTION')
    },
  )
})

describe('whenReady', () => {
  it('opens the journal once its writer has created it', async () => {
    const path = journalPath()
    const ready = Reader.whenReady(path, { from: { name: 'early' } })
    await sleep(10)
    mkdirSync(path, { mode: 0o700 })
    await sleep(10)
    const writer = openWriter(path)
    writeCounts(writer, 0, 3)
    using reader = await ready
    expect(readNumbers(reader)).toEqual([0, 1, 2])
  })

  it('opens an existing one at once', async () => {
    const writer = openWriter()
    using reader = await Reader.whenReady(writer.path)
    expect(reader.path).toBe(writer.path)
  })

  it('rejects with the reason of its signal', async () => {
    const controller = new AbortController()
    const ready = Reader.whenReady(journalPath(), { signal: controller.signal })
    setTimeout(() => controller.abort(new Error('enough')), 10)
    await expect(ready).rejects.toThrow('enough')
    await expect(Reader.whenReady(journalPath(), { signal: AbortSignal.abort(new Error('before')) })).rejects.toThrow(
      'before',
    )
  })

  it('rejects at once errors that waiting cannot resolve', async () => {
    const path = journalPath()
    for (const options of [null, 5, { signal: 5 }, { from: 'begin' }, { form: 'start' }]) {
      expect((await rejectionOf(Reader.whenReady(path, options as never))).code).toBe('ERR_INVALID_OPTION')
    }
    for (const directory of [undefined, null, 5, ''])
      expect((await rejectionOf(Reader.whenReady(directory as never))).code).toBe('ERR_INVALID_OPTION')
  })
})

describe('lag', () => {
  it('is the number of slots that are published and not read, also over several pages', () => {
    const writer = openWriter()
    const reader = openReader(writer.path)
    expect(reader.lag).toBe(0)
    writeCounts(writer, 0, 3000)
    expect(reader.lag).toBe(3000)
    reader.poll(
      on(Count, () => {}),
      100,
    )
    expect(reader.lag).toBe(2900)
    readNumbers(reader)
    expect(reader.lag).toBe(0)
    writer.cork()
    writeCounts(writer, 0, 5)
    expect(reader.lag).toBe(0)
    writer.uncork()
    expect(reader.lag).toBe(5)
  })
})

describe('a durable reader', () => {
  it('reads all durable frames, and no other', async () => {
    const writer = openWriter(journalPath('disk'), { durability: 'commit' })
    const reader = openReader(writer.path, { durable: true })
    writeCounts(writer, 0, 10)
    expect(readNumbers(reader)).toEqual([])
    await writer.flush()
    expect(readNumbers(reader)).toEqual(upTo(10))
    writeCounts(writer, 10, 3000)
    expect(reader.position).toBe(10)
    expect(await writer.flush()).toBe(3000)
    expect(readNumbers(reader)).toEqual(upTo(2990, 10))
  })

  it('is woken when frames become durable', async () => {
    const writer = openWriter(journalPath('disk'), { durability: 'interval', syncInterval: 5 })
    const seen: number[] = []
    const feeding = (async () => {
      for (let n = 0; n < 20; n++) {
        writeCounts(writer, n * 100, n * 100 + 100)
        await sleep(3)
      }
    })()
    for await (const frame of openReader(writer.path, { durable: true })) {
      seen.push(numberOf(frame))
      if (seen.length === 2000) break
    }
    await feeding
    expect(seen).toEqual(upTo(2000))
  })
})

describe.skipIf(skipUnless(ROOT, 'a reader without permission to write', 'only root can become somebody else'))(
  'a reader without permission to write anything',
  () => {
    it('reads, and follows by polling', async () => {
      const path = join(makeFolder('memory'), 'shared', 'journal')
      const writer = openWriter(path, { mode: 0o644 })
      writeCounts(writer, 0, 10)
      const { chmodSync } = await import('node:fs')
      for (const above of [join(path, '..'), join(path, '../..'), join(path, '../../..')]) chmodSync(above, 0o755)
      const child = startChild(
        `
      process.setgroups([]); process.setgid(65534); process.setuid(65534)
      const reader = Reader.open(dir)
      let named = ''
      try { Reader.open(dir, { from: { name: 'x' } }) } catch (error) { named = error.code }
      say(named)
      let count = 0
      for await (const frame of reader) {
        if (frame.position !== count++) throw new Error('out of order')
        if (count === 10) say('first')
        if (count === 2000) break
      }
      say(count)
      reader.close()
    `,
        [path],
      )
      expect(await child.hear()).toBe('ERR_READER_NAME')
      expect(await child.hear()).toBe('first')
      writeCounts(writer, 10, 2000)
      expect(await child.hear()).toBe(2000)
      expect(await child.end()).toMatchObject({ code: 0 })
    })
  },
)
