import { join } from 'node:path'
import { now, Reader } from 'ticktape'
import { describe, expect, it } from 'vitest'
import { startChild } from '../../support/child.ts'
import { makeFolder } from '../../support/folders.ts'
import { journalPath, openReader, openWriter, readNumbers, upTo, writeCounts } from '../../support/open.ts'

/** Opens the journal when the parent sends a line, and prints the error's code or 'open'. */
const OPENER = (open: string) => `
say('ready'); await line()
let opened
try { opened = ${open}; say('open') } catch (error) { say(error.code ?? String(error)) }
await line()
process.exit()
`

async function openTogether(open: string, path: string, processes: number): Promise<unknown[]> {
  const children = upTo(processes).map(i => startChild(OPENER(open), [path, i]))
  for (const child of children) await child.hear()
  for (const child of children) child.tell()
  const said = await Promise.all(children.map(child => child.hear()))
  for (const child of children) child.tell()
  await Promise.all(children.map(child => child.end()))
  return said
}

describe('processes that open one journal at the same time', () => {
  it('to write: one becomes its writer', async () => {
    const path = journalPath()
    for (let round = 1; round <= 3; round++) {
      const said = await openTogether('Writer.open(dir, { pageSize: 65536 })', path, 6)
      expect(said.map(String).toSorted((a, b) => a.localeCompare(b))).toEqual([
        'ERR_WRITER_LOCKED',
        'ERR_WRITER_LOCKED',
        'ERR_WRITER_LOCKED',
        'ERR_WRITER_LOCKED',
        'ERR_WRITER_LOCKED',
        'open',
      ])
    }
    const writer = openWriter(path)
    expect(writer.epoch).toBe(4)
    writeCounts(writer, 0, 5)
    expect(readNumbers(openReader(path))).toEqual(upTo(5))
  })

  it('to read under one name: one gets it', async () => {
    const writer = openWriter()
    const said = await openTogether("Reader.open(dir, { from: { name: 'momentum' } })", writer.path, 6)
    expect(said.map(String).toSorted((a, b) => a.localeCompare(b))).toEqual([
      'ERR_READER_BUSY',
      'ERR_READER_BUSY',
      'ERR_READER_BUSY',
      'ERR_READER_BUSY',
      'ERR_READER_BUSY',
      'open',
    ])
  })

  it('to read under different names: all get theirs', async () => {
    const writer = openWriter()
    writeCounts(writer, 0, 3)
    const open = 'Reader.open(dir, { from: { name: `reader-${args[1]}`, start: { position: args[1] % 4 } } })'
    expect(await openTogether(open, writer.path, 6)).toEqual(upTo(6).map(() => 'open'))
    for (const i of upTo(6)) expect(openReader(writer.path, { from: { name: `reader-${i}` } }).position).toBe(i % 4)
  })
})

it('whenReady opens each journal once it is complete', async () => {
  const folder = makeFolder('memory')
  const child = startChild(
    `
    say('ready')
    for (let i = 0; i < 60; i++) {
      const reader = await Reader.whenReady(dir + '/' + i)
      for await (const frame of reader) { if (frame.toObject().n !== i) throw new Error('not ' + i); break }
      reader.close()
    }
    say('all')
  `,
    [folder],
  )
  await child.hear()
  for (let i = 0; i < 60; i++) {
    const writer = openWriter(join(folder, String(i)))
    writeCounts(writer, i, i + 1)
    if (i % 5 === 0) await new Promise(resolve => setTimeout(resolve, i % 7))
  }
  expect(await child.hear()).toBe('all')
  expect(await child.end()).toMatchObject({ code: 0, stderr: '' })
})

describe('while another process writes page after page', () => {
  // With frames of one slot, the number of a frame is its position.
  const WRITER = `
    const writer = Writer.open(dir, { pageSize: 65536 })
    say('open')
    let n = 0
    const write = () => {
      for (let i = 0; i < 3000; i++) writer.write(Count, { n: n++ })
      if (n < 3_000_000) setTimeout(write, 1)
    }
    write()
  `

  /** `share` takes values from 0 to 1, evenly distributed. */
  async function during(check: (path: string, share: number) => void): Promise<void> {
    const path = journalPath()
    const child = startChild(WRITER, [path])
    await child.hear()
    const end = performance.now() + 700
    let rounds = 0
    // Runs longer on a busy machine: at least ten rounds.
    while (performance.now() < end || rounds <= 10) {
      check(path, (rounds++ * 0.618034) % 1)
      await new Promise(resolve => setImmediate(resolve))
    }
    await child.kill()
  }

  /** Waits for the next frame, and returns its number and position. */
  function nextOf(reader: Reader): { n: number; position: number; time: bigint } {
    for (;;) {
      for (const frame of reader)
        return { n: (frame.toObject() as { n: number }).n, position: frame.position, time: frame.time }
    }
  }

  it('a reader begins at the end', async () => {
    await during(path => {
      using reader = Reader.open(path, { from: 'end' })
      const { position } = reader
      expect(nextOf(reader)).toMatchObject({ n: position, position })
    })
  })

  it('a reader begins at any position', async () => {
    await during((path, share) => {
      using end = Reader.open(path, { from: 'end' })
      const position = Math.floor(share * (end.position + 1))
      using reader = Reader.open(path, { from: { position } })
      expect(nextOf(reader)).toMatchObject({ n: position, position })
    })
  })

  it('a reader begins at a time', async () => {
    await during((path, share) => {
      const time = now() - BigInt(Math.floor(share * 5e6))
      using reader = Reader.open(path, { from: { time } })
      const first = nextOf(reader)
      expect(first.n).toBe(first.position)
      expect(first.time >= time).toBe(true)
      if (first.position === 0) return
      using before = Reader.open(path, { from: { position: first.position - 1 } })
      expect(nextOf(before).time < time).toBe(true)
    })
  })

  it('the lag of a reader is correct', async () => {
    await during(path => {
      using reader = Reader.open(path)
      const least = reader.lag
      expect(reader.lag).toBeGreaterThanOrEqual(least)
      using end = Reader.open(path, { from: 'end' })
      expect(end.position).toBeGreaterThanOrEqual(least)
    })
  })
})
