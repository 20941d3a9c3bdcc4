import { join } from 'node:path'
import * as fc from 'fast-check'
import { frame, type Reader, text, u8 } from 'ticktape'
import { describe, expect, it } from 'vitest'
import { failureOf } from '../support/failures.ts'
import { pageFile, patch, slotAt } from '../support/journals.ts'
import { openReader, openWriter } from '../support/open.ts'

const SIZE = 12
const Note = frame('Note', 1, { before: u8, note: text(SIZE), after: u8 })
const AT = Note.fields[1].offset

/** Writes a note and reads it back. */
function through(note: string): unknown {
  const writer = openWriter()
  writer.write(Note, { before: 255, note, after: 255 })
  const [read] = Array.from(openReader(writer.path), view => view.toObject())
  expect(read).toMatchObject({ before: 255, after: 255 })
  return read['note']
}

/** A reader at one note whose bytes are given. */
function readerOf(bytes: Uint8Array): Reader {
  const writer = openWriter()
  writer.write(Note, { before: 1, note: '', after: 1 })
  patch(pageFile(writer.path, 0), slotAt(0) + AT, bytes)
  return openReader(writer.path)
}

function padded(bytes: Iterable<number>): Uint8Array {
  const all = new Uint8Array(SIZE)
  all.set([...bytes].slice(0, SIZE))
  return all
}

describe('a text', () => {
  it.each([
    ['nothing', ''],
    ['ASCII that fills it', '123456789012'],
    ['two-byte characters that fill it', 'éééééé'],
    ['Chinese characters that fill it', '币安人生'],
    ['characters outside the basic plane that fill it', '🚀🚀🚀'],
    ['the first and last character of each length', '\u0001\u007f\u0080\u07ff\u0800'],
    ['the last characters of all', '\uffff\u{10ffff}'],
    ['the characters around the surrogates', '\ud7ff\ue000'],
    ['a byte order mark', '\ufeffa'],
  ])('holds %s', (_, note) => {
    expect(through(note)).toBe(note)
  })

  it.each([
    ['one byte too many', '1234567890123'],
    ['a character that would be cut', '币安人生U'],
    ['a four-byte character that would be cut', '123456789🚀'],
    ['a NUL', 'a\0b'],
    ['the first half of a surrogate pair at its end', 'a\ud83d'],
    ['the first half before another character', '\ud83da'],
    ['two first halves', '\ud83d\ud83d'],
    ['the second half of a surrogate pair', '\ude80'],
  ])('refuses %s, and the frame is discarded', (_, note) => {
    const writer = openWriter()
    const failure = failureOf(() => writer.write(Note, { before: 1, note, after: 1 }))
    expect(failure).toMatchObject({ code: 'ERR_FIELD_VALUE' })
    expect(failure.message).toContain(`at most ${SIZE} bytes of UTF-8`)
    expect(writer.position).toBe(0)
    writer.write(Note, { before: 1, note: 'x', after: 1 })
    expect(Array.from(openReader(writer.path), view => view.toObject())).toEqual([{ before: 1, note: 'x', after: 1 }])
  })

  it.each([1, 255 * 64 - 32])('may have %i bytes', size => {
    expect(frame('Any', 1, { note: text(size) }).fields[0].size).toBe(size)
  })

  it.each([0, -1, 1.5, Number.NaN, 255 * 64 + 1])('may not have %s bytes', size => {
    expect(failureOf(() => text(size))).toMatchObject({ code: 'ERR_FRAME_DEFINITION' })
  })

  it('any text that UTF-8 can hold is read as written if it fits, and refused if not, with no other outcome', () => {
    const writer = openWriter()
    const reader = openReader(writer.path)
    const property = fc.property(fc.string({ unit: 'binary', maxLength: 14 }), note => {
      const fits = Buffer.byteLength(note) <= SIZE && !note.includes('\0')
      if (!fits) {
        expect(failureOf(() => writer.write(Note, { before: 0, note, after: 0 })).code).toBe('ERR_FIELD_VALUE')
        return
      }
      writer.write(Note, { before: 0, note, after: 0 })
      const [read] = Array.from(reader, view => view.toObject())
      expect(read).toEqual({ before: 0, note, after: 0 })
    })
    fc.assert(property, { numRuns: 2000, seed: 20_261_127 })
  })

  it('any sequence of UTF-16 units is refused exactly when it has half of a surrogate pair', () => {
    const writer = openWriter()
    const unit = fc.oneof(fc.integer({ min: 0xd7f0, max: 0xe00f }), fc.integer({ min: 1, max: 0xffff }))
    const property = fc.property(fc.array(unit, { maxLength: 4 }), units => {
      const note = String.fromCharCode(...units)
      const write = (): void => void writer.write(Note, { before: 0, note, after: 0 })
      if (!/\p{Surrogate}/u.test(note)) write()
      else expect(failureOf(write).code).toBe('ERR_FIELD_VALUE')
    })
    fc.assert(property, { numRuns: 2000, seed: 20_261_128 })
  })
})

describe('bytes of a file that are not UTF-8', () => {
  it.each([
    ['a byte of no character', [0xff]],
    ['a continuation alone', [0x80]],
    ['a character that is cut', [0xe5, 0xb8]],
    ['a character that is cut by the end of the field', [...Array<number>(SIZE - 1).fill(0x61), 0xc3]],
    ['a slash that is too long', [0xc0, 0xaf]],
    ['a three-byte form of a shorter character', [0xe0, 0x80, 0xaf]],
    ['a surrogate', [0xed, 0xa0, 0x80]],
    ['a character beyond the last one', [0xf4, 0x90, 0x80, 0x80]],
  ])('%s is an error that names the position', (_, bytes) => {
    const reader = readerOf(padded(bytes))
    let frames = 0
    for (const frame of reader) {
      const damaged = failureOf(() => frame.toObject())
      expect(damaged).toMatchObject({ code: 'ERR_CORRUPT_JOURNAL', position: 0, path: pageFile(reader.path, 0) })
      expect(damaged.message).toMatch(/is not UTF-8; run 'ticktape verify'$/)
      expect(JSON.parse(JSON.stringify(frame))).toMatchObject({
        note: { damaged: Buffer.from(padded(bytes)).toString('hex') },
      })
      frames++
    }
    expect(frames).toBe(1)
  })

  it('are refused exactly when an independent strict decoder refuses them, for any bytes', () => {
    const writer = openWriter()
    const reader = openReader(writer.path)
    const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
    const byte = fc.oneof(
      fc.integer({ min: 0, max: 255 }),
      fc.constantFrom(0xc2, 0xe0, 0xed, 0xf0, 0xf4, 0x80, 0x8f, 0x90, 0xbf),
    )
    let position = 0
    const property = fc.property(fc.array(byte, { maxLength: SIZE }), given => {
      writer.write(Note, { before: 0, note: '', after: 0 })
      const bytes = padded(given)
      patch(join(writer.path, '0000000000.page'), slotAt(position++) + AT, bytes)
      const nul = bytes.indexOf(0)
      let wanted: string | undefined
      try {
        wanted = strict.decode(nul < 0 ? bytes : bytes.subarray(0, nul))
      } catch {
        wanted = undefined
      }
      for (const view of reader) {
        if (wanted === undefined) expect(failureOf(() => view.toObject()).code).toBe('ERR_CORRUPT_JOURNAL')
        else expect(view.toObject()).toEqual({ before: 0, note: wanted, after: 0 })
      }
    })
    fc.assert(property, { numRuns: 900, seed: 20_261_129 })
  })
})
