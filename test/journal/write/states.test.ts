import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { mkdirSync, readFileSync, rmdirSync } from 'node:fs'
import { join } from 'node:path'
import { f64, frame, u8, Writer } from 'ticktape'
import { describe, expect, it } from 'vitest'
import { failureOf, rejectionOf } from '../../support/failures.ts'
import { Count, Huge, Pair, Tick } from '../../support/frames.ts'
import {
  journalPath,
  openReader,
  openWriter,
  readAll,
  readNumbers,
  SMALL_CAPACITY,
  SMALL_PAGE,
  upTo,
  writeCounts,
  writeSized,
} from '../../support/open.ts'

describe('begin, commit, abort', () => {
  it('begin twice is an error, and the first frame is kept', () => {
    const writer = openWriter()
    const count = writer.begin(Count)
    count.n = 7
    expect(failureOf(() => writer.begin(Count)).code).toBe('ERR_INVALID_STATE')
    expect(failureOf(() => writer.begin(Tick)).code).toBe('ERR_INVALID_STATE')
    expect(failureOf(() => writer.write(Count, { n: 1 })).code).toBe('ERR_INVALID_STATE')
    writer.commit()
    expect(readNumbers(openReader(writer.path))).toEqual([7])
  })

  it('a subscriber to page rolls may write to the journal: its frame comes first, then the frame that caused the roll is begun', () => {
    const writer = openWriter()
    let rolls = 0
    const write = (message: unknown): void => {
      if ((message as { readonly path: string }).path === writer.path) writeSized(writer, 2, 1000 + rolls++)
    }
    subscribe('ticktape:journal.roll', write)
    try {
      writeCounts(writer, 0, SMALL_CAPACITY + 2)
    } finally {
      unsubscribe('ticktape:journal.roll', write)
    }
    expect(rolls).toBe(1)
    const expected = [...upTo(SMALL_CAPACITY), 1000, SMALL_CAPACITY, SMALL_CAPACITY + 1]
    expect(readNumbers(openReader(writer.path))).toEqual(expected)
  })

  it('commit and abort without begin are errors', () => {
    const writer = openWriter()
    for (const prepare of [() => {}, () => writeCounts(writer, 0, 1), () => (writer.begin(Count), writer.abort())]) {
      prepare()
      expect(failureOf(() => writer.commit()).code).toBe('ERR_INVALID_STATE')
      expect(failureOf(() => writer.commit({ source: 1 })).code).toBe('ERR_INVALID_STATE')
      expect(failureOf(() => writer.abort()).code).toBe('ERR_INVALID_STATE')
    }
  })

  it('readers do not see a frame before commit', () => {
    const writer = openWriter()
    const reader = openReader(writer.path)
    writer.begin(Count).n = 1
    expect(readNumbers(reader)).toEqual([])
    writer.commit()
    expect(readNumbers(reader)).toEqual([1])
  })

  it('an aborted frame leaves no byte for the next', () => {
    const writer = openWriter()
    const huge = writer.begin(Huge)
    huge.n = 1
    huge.blob = new Uint8Array(255 * 64 - 40).fill(0xff)
    writer.abort()
    for (let i = 0; i < 255; i++) {
      expect(writer.begin(Count).n).toBe(0)
      writer.commit()
    }
    expect(writer.position).toBe(255)
  })

  it('commit returns the position of the frame, and the view has it before', () => {
    const writer = openWriter()
    expect(writer.begin(Pair).position).toBe(0)
    expect(writer.commit()).toBe(0)
    expect(writer.write(Count, { n: 0 })).toBe(2)
    expect(writeSized(writer, 255, 0)).toBe(3)
    expect(writer.position).toBe(258)
  })

  it('a second definition of the same layout is the same definition', () => {
    const writer = openWriter()
    for (let n = 0; n < 3; n++) writer.write(frame('Count', 2, { n: f64 }), { n })
    expect(readNumbers(openReader(writer.path))).toEqual([0, 1, 2])
  })
})

describe('cork, uncork, batch', () => {
  it('frames appear together when uncorked', () => {
    const writer = openWriter()
    const reader = openReader(writer.path)
    writer.cork()
    writeCounts(writer, 0, 10)
    expect(readNumbers(reader)).toEqual([])
    writer.uncork()
    expect(readNumbers(reader)).toEqual(upTo(10))
  })

  it('cork twice, and uncork without cork, are errors', () => {
    const writer = openWriter()
    expect(failureOf(() => writer.uncork()).code).toBe('ERR_INVALID_STATE')
    writer.cork()
    expect(failureOf(() => writer.cork()).code).toBe('ERR_INVALID_STATE')
    writer.uncork()
    expect(failureOf(() => writer.uncork()).code).toBe('ERR_INVALID_STATE')
  })

  it.each([-1, 1.5, Number.NaN, Infinity, SMALL_CAPACITY + 1, '5', 5n, null, {}])(
    'cork(%s) is refused, and nothing is corked',
    slots => {
      const writer = openWriter()
      writeCounts(writer, 0, 1)
      expect(failureOf(() => writer.cork(slots as number)).code).toBe('ERR_INVALID_OPTION')
      expect(failureOf(() => writer.uncork()).code).toBe('ERR_INVALID_STATE')
    },
  )

  it('keeps the requested slots together on one page', () => {
    const writer = openWriter()
    writeCounts(writer, 0, SMALL_CAPACITY - 10)
    writer.cork(11)
    writeCounts(writer, 0, 11)
    writer.uncork()
    expect(writer.position).toBe(SMALL_CAPACITY + 11)
  })

  it('a page that fills up while corked is published', () => {
    const writer = openWriter()
    const reader = openReader(writer.path)
    writer.cork(0)
    writeCounts(writer, 0, SMALL_CAPACITY + 1)
    expect(readNumbers(reader)).toHaveLength(SMALL_CAPACITY)
    writer.uncork()
    expect(readNumbers(reader)).toEqual([SMALL_CAPACITY])
  })

  it('batch returns what its body returns', () => {
    const writer = openWriter()
    expect(writer.batch(() => (writeCounts(writer, 0, 3), 'done'))).toBe('done')
    expect(readNumbers(openReader(writer.path))).toEqual(upTo(3))
  })

  it('batch publishes what its body had committed before it threw', () => {
    const writer = openWriter()
    expect(() =>
      writer.batch(() => {
        writeCounts(writer, 0, 2)
        throw new Error('of the body')
      }),
    ).toThrow('of the body')
    expect(readNumbers(openReader(writer.path))).toEqual([0, 1])
    writer.cork()
    writer.uncork()
  })

  it('readers never see discarded frames, and the next frame gets their position', () => {
    const writer = openWriter()
    const reader = openReader(writer.path)
    writeCounts(writer, 0, 3)
    writer.cork(20)
    for (let n = 0; n < 5; n++) writeSized(writer, 2, 99)
    writer.begin(Pair).note = 'begun'
    writer.discard()
    expect(writer.position).toBe(3)
    expect(readNumbers(reader)).toEqual([0, 1, 2])
    writer.begin(Pair).n = 3
    expect(writer.commit()).toBe(3)
    writeCounts(writer, 4, 6)
    expect(readAll(reader).map(({ position, values }) => [position, values])).toEqual([
      [3, { n: 3, note: '' }],
      [5, { n: 4 }],
      [6, { n: 5 }],
    ])
  })

  it('discard without cork is an error, and cork works after a discard', () => {
    const writer = openWriter()
    expect(failureOf(() => writer.discard()).code).toBe('ERR_INVALID_STATE')
    writer.cork()
    writer.discard()
    expect(failureOf(() => writer.discard()).code).toBe('ERR_INVALID_STATE')
    writer.cork()
    writeCounts(writer, 0, 2)
    writer.uncork()
    expect(readNumbers(openReader(writer.path))).toEqual([0, 1])
    writer.close()
    expect(failureOf(() => writer.discard()).code).toBe('ERR_CLOSED')
  })

  it('discard keeps frames that were published because a page was full', () => {
    const writer = openWriter()
    const reader = openReader(writer.path)
    writer.cork(0)
    writeCounts(writer, 0, SMALL_CAPACITY + 10)
    writer.discard()
    expect(writer.position).toBe(SMALL_CAPACITY)
    expect(readNumbers(reader)).toEqual(upTo(SMALL_CAPACITY))
  })

  it('a batch may close its writer', () => {
    const writer = openWriter()
    writer.batch(() => {
      writeCounts(writer, 0, 2)
      writer.close()
    })
    expect(readNumbers(openReader(writer.path))).toEqual([0, 1])
  })
})

describe('pages', () => {
  it.each([
    [1, 960],
    [2, 480],
    [255, 3],
  ] as const)('frames of %i slots roll after %i of them', (slots, perPage) => {
    const writer = openWriter()
    for (let n = 0; n < perPage; n++) expect(writeSized(writer, slots, n)).toBe(n * slots)
    expect(writeSized(writer, slots, perPage)).toBe(SMALL_CAPACITY)
    expect(readNumbers(openReader(writer.path))).toEqual(upTo(perPage + 1))
  })

  it.each([
    [2, 1],
    [2, 2],
    [255, 1],
    [255, 254],
    [255, 255],
  ] as const)('a frame of %i slots finds %i left', (slots, left) => {
    const writer = openWriter()
    writeCounts(writer, 0, SMALL_CAPACITY - left)
    expect(writeSized(writer, slots, -1)).toBe(left >= slots ? SMALL_CAPACITY - left : SMALL_CAPACITY)
    writeCounts(writer, 0, 1)
    const numbers = readNumbers(openReader(writer.path))
    expect(numbers.slice(-2)).toEqual([-1, 0])
    expect(numbers).toHaveLength(SMALL_CAPACITY - left + 2)
  })

  it('end in the same way after an aborted frame as without it', () => {
    const writer = openWriter()
    writeCounts(writer, 0, SMALL_CAPACITY - 1)
    writer.begin(Huge)
    writer.abort()
    expect(writer.position).toBe(SMALL_CAPACITY)
    writeCounts(writer, SMALL_CAPACITY - 1, SMALL_CAPACITY + 1)
    expect(readNumbers(openReader(writer.path))).toEqual(upTo(SMALL_CAPACITY + 1))
  })

  it.each([SMALL_PAGE, SMALL_PAGE + 4096, 128 * 1024, 1024 * 1024, 16 * 1024 * 1024])(
    'of %i bytes hold the frames that fit',
    pageSize => {
      const writer = openWriter(journalPath(), { pageSize })
      const capacity = (pageSize - 4096) / 64
      while (writer.position < capacity) writeSized(writer, 255, writer.position)
      writeSized(writer, 1, writer.position)
      const last = openReader(writer.path, { from: { position: capacity } })
      expect(readNumbers(last).length).toBeGreaterThanOrEqual(1)
    },
  )

  it('of 1 GiB, the largest size, work up to their end', () => {
    const writer = openWriter(journalPath(), { pageSize: 1024 * 1024 * 1024, frames: [Count, Huge] })
    const capacity = (1024 * 1024 * 1024 - 4096) / 64
    // Frames of 255 slots, because 64 thousand of them are written in a tenth of the time of 16 million small ones.
    let n = 0
    while (writer.position + 255 <= capacity) writeSized(writer, 255, n++)
    writeCounts(writer, n, n + capacity - writer.position)
    expect(writer.position).toBe(capacity)
    const reader = openReader(writer.path, { from: { position: 255 * (n - 1) } })
    expect(readNumbers(reader)[0]).toBe(n - 1)
  }, 60_000)

  it('one too small for a frame: the definition is refused', () => {
    const writer = openWriter()
    expect(SMALL_CAPACITY).toBeGreaterThan(255) // So no page is too small for the largest possible frame.
    expect(writeSized(writer, 255, 1)).toBe(0)
  })
})

describe('schema.json', () => {
  it('has a definition before its first frame, even if writing it failed once', () => {
    const writer = openWriter()
    const obstacle = join(writer.path, 'schema.json.tmp')
    mkdirSync(obstacle)
    expect(failureOf(() => writer.begin(Count)).path).toBe(join(writer.path, 'schema.json'))
    expect(failureOf(() => writer.begin(Count)).code).toMatch(/^ERR_/)
    rmdirSync(obstacle)
    writeCounts(writer, 0, 1)
    expect(readFileSync(join(writer.path, 'schema.json'), 'utf8')).toContain('"Count"')
    expect(readNumbers(openReader(writer.path))).toEqual([0])
  })

  it('another layout under an id of the journal is refused, with the fields that differ', () => {
    const path = journalPath()
    openWriter(path, { frames: [frame('Deal', 9, { price: f64, size: u8, gone: u8 })] }).close()
    const changed = frame('Deal', 9, { price: f64, size: f64, added: u8 })
    const expected = [
      { field: 'size', journal: 'u8 at 24', program: 'f64 at 24' },
      { field: 'gone', journal: 'u8 at 25', program: 'absent' },
      { field: 'added', journal: 'absent', program: 'u8 at 32' },
    ]
    const writer = openWriter(path)
    const failure = failureOf(() => writer.begin(changed))
    expect(failure).toMatchObject({
      code: 'ERR_SCHEMA_MISMATCH',
      differences: expected,
      path: join(path, 'schema.json'),
    })
    for (const { field } of expected) expect(failure.message).toContain(field)
    writeCounts(writer, 0, 1)
  })

  it('a name of the journal under another id is refused', () => {
    const writer = openWriter(journalPath(), { frames: [frame('Deal', 9, { price: f64 })] })
    const failure = failureOf(() => writer.begin(frame('Deal', 10, { price: f64 })))
    expect(failure).toMatchObject({
      code: 'ERR_SCHEMA_MISMATCH',
      differences: [{ field: '(id)', journal: '9', program: '10' }],
    })
  })

  it('a mismatch in option frames leaves the journal free for the next writer', () => {
    const path = journalPath()
    openWriter(path, { frames: [frame('Deal', 9, { price: f64 })] }).close()
    expect(failureOf(() => Writer.open(path, { frames: [frame('Deal', 9, { price: u8 })] })).code).toBe(
      'ERR_SCHEMA_MISMATCH',
    )
    openWriter(path)
  })

  it('two frames with one id are refused before anything is created', () => {
    const path = journalPath()
    const frames = [frame('A', 9, { price: f64 }), frame('B', 9, { price: f64 })]
    expect(failureOf(() => Writer.open(path, { frames })).code).toBe('ERR_FRAME_DEFINITION')
    expect(() => openReader(path)).toThrow('there is no journal')
  })
})

describe('close', () => {
  it('drops the frame that was begun and keeps those committed, corked or not', () => {
    const writer = openWriter()
    writer.cork()
    writeCounts(writer, 0, 2)
    writer.begin(Count).n = 2
    writer.close()
    const next = openWriter(writer.path)
    expect(next.position).toBe(2)
    expect(next.begin(Count).n).toBe(0)
    next.abort()
    expect(readNumbers(openReader(writer.path))).toEqual([0, 1])
  })

  it('may be called any number of times, and by `using`', () => {
    const path = journalPath()
    {
      using writer = Writer.open(path)
      writer.close()
      writer.close()
    }
    {
      using writer = Writer.open(path)
      expect(writer.epoch).toBe(2)
    }
    openWriter(path, { pageSize: undefined }).close()
  })

  it('flush after close is an error, and a pending flush ends', async () => {
    const writer = openWriter(journalPath('disk'), { durability: 'commit' })
    writeCounts(writer, 0, 5)
    const flush = writer.flush()
    writer.close()
    expect(await flush).toBe(5)
    expect((await rejectionOf(writer.flush())).code).toBe('ERR_CLOSED')
  })
})
