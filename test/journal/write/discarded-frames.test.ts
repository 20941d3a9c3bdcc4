/** A frame that cannot be filled, or whose commit is refused, does not prevent the next one. */
import type { FieldValueError } from 'ticktape'
import { describe, expect, it } from 'vitest'
import { failureOf } from '../../support/failures.ts'
import { Count, Huge, Kinds, Pair, Tick } from '../../support/frames.ts'
import { openReader, openWriter, readAll, readNumbers, SMALL_CAPACITY, upTo, writeCounts } from '../../support/open.ts'

describe('a frame whose field refuses a value is discarded', () => {
  it('so a recorder that reports bad messages and continues loses only those', () => {
    const writer = openWriter()
    const refused: number[] = []
    for (let n = 0; n < 3 * SMALL_CAPACITY; n++) {
      try {
        const pair = writer.begin(Pair)
        pair.n = n
        pair.note = n % 100 === 7 ? 'x'.repeat(41) : 'short'
        writer.commit()
      } catch (error) {
        expect((error as FieldValueError).code).toBe('ERR_FIELD_VALUE')
        refused.push(n)
      }
    }
    const sound = upTo(3 * SMALL_CAPACITY).filter(n => n % 100 !== 7)
    expect(refused).toEqual(upTo(3 * SMALL_CAPACITY).filter(n => n % 100 === 7))
    expect(readNumbers(openReader(writer.path))).toEqual(sound)
  })

  it('and none of its bytes is left in the next frame', () => {
    const writer = openWriter()
    const huge = writer.begin(Huge)
    huge.n = 1
    huge.blob = new Uint8Array(255 * 64 - 40).fill(0xff)
    expect(failureOf(() => (huge.n = 'x' as never)).message).toContain('the frame is discarded')
    const next = writer.begin(Huge)
    expect([next.n, next.blob.every(byte => byte === 0), next.position]).toEqual([0, true, 0])
    writer.abort()
    for (let i = 0; i < 255; i++) {
      expect(writer.begin(Count).n).toBe(0)
      writer.commit()
    }
  })

  it('then commit and its other fields throw a named error, whatever the options, and the next frame is written', () => {
    const writer = openWriter()
    const tick = writer.begin(Tick)
    failureOf(() => (tick.symbol = 'BTCé'))
    expect(failureOf(() => (tick.last = 1)).code).toBe('ERR_VIEW_EXPIRED')
    for (const options of [undefined, {}, { time: 5n }]) {
      const failure = failureOf(() => writer.commit(options))
      expect(failure.code).toBe('ERR_INVALID_STATE')
      expect(failure.message).toContain('discarded')
    }
    expect(writer.position).toBe(0)
    writer.begin(Tick).symbol = 'ETH'
    writer.commit()
    expect(readAll(openReader(writer.path)).map(({ values }) => values['symbol'])).toEqual(['ETH'])
  })

  it('then abort has no effect, once, and a later commit reports only that no frame is begun', () => {
    const writer = openWriter()
    failureOf(() => (writer.begin(Tick).symbol = 'BTCé'))
    writer.abort()
    expect(failureOf(() => writer.abort()).code).toBe('ERR_INVALID_STATE')
    expect(failureOf(() => writer.commit()).message).toContain('without begin()')
    failureOf(() => (writer.begin(Tick).symbol = 'BTCé'))
    writeCounts(writer, 0, 1)
    expect(failureOf(() => writer.commit()).message).toContain('without begin()')
  })

  it('whatever kind of field it is', () => {
    const writer = openWriter()
    const wrong = {
      u8: -1,
      i8: 200,
      u16: -1,
      i16: 1e6,
      u32: -1,
      i32: 2 ** 31,
      f32: 1e39,
      f64: 'x',
      u64: 1,
      i64: 2n ** 63n,
      bool: 1,
    }
    const more = { text: 'abcdef', raw: new Uint8Array(5), side: 'hold' }
    let n = 0
    for (const [field, value] of Object.entries({ ...wrong, ...more })) {
      const view = writer.begin(Kinds) as unknown as Record<string, unknown>
      view['i32'] = -1
      expect(failureOf(() => (view[field] = value)).code, field).toBe('ERR_FIELD_VALUE')
      writer.write(Count, { n: n++ })
    }
    expect(readNumbers(openReader(writer.path))).toEqual(upTo(14))
  })

  it('also when the value is a Proxy of bytes', () => {
    const writer = openWriter()
    const view = writer.begin(Kinds)
    expect(failureOf(() => (view.raw = new Proxy(new Uint8Array(4), {}))).code).toBe('ERR_FIELD_VALUE')
    writeCounts(writer, 0, 1)
    expect(readNumbers(openReader(writer.path))).toEqual([0])
  })

  it('while corked the frames committed before stay', () => {
    const writer = openWriter()
    writer.cork(20)
    writeCounts(writer, 0, 2)
    failureOf(() => (writer.begin(Tick).symbol = 'BTCé'))
    writeCounts(writer, 2, 3)
    writer.uncork()
    expect(readNumbers(openReader(writer.path))).toEqual([0, 1, 2])
  })

  it('after a failed write there is nothing to commit', () => {
    const writer = openWriter()
    failureOf(() => writer.write(Count, { n: 'x' as never }))
    expect(failureOf(() => writer.commit()).message).toContain('without begin()')
    expect(failureOf(() => writer.abort()).code).toBe('ERR_INVALID_STATE')
  })

  it('its view writes nothing into a later frame of another definition', () => {
    const writer = openWriter()
    const tick = writer.begin(Tick)
    failureOf(() => (tick.symbol = 'BTCé'))
    const pair = writer.begin(Pair)
    expect(failureOf(() => (tick.last = 7)).code).toBe('ERR_VIEW_EXPIRED')
    pair.n = 5
    writer.commit()
    expect(readAll(openReader(writer.path)).map(({ values }) => values)).toEqual([{ n: 5, note: '' }])
  })
})

describe('a commit that is refused', () => {
  it.each([
    { time: 1n },
    { time: 5 as never },
    { source: -1 },
    { cause: 'x' as never },
    { sauce: 1 } as never,
    null as never,
  ])('%o leaves the frame begun; its message mentions abort(), after which the next frame can begin', options => {
    const writer = openWriter()
    writer.write(Count, { n: 0 }, { time: 2n ** 40n })
    writer.begin(Pair).n = 1
    expect(failureOf(() => writer.commit(options)).message).toContain('abort()')
    const failure = failureOf(() => writer.begin(Count))
    expect(failure.code).toBe('ERR_INVALID_STATE')
    expect(failure.message).toContain('abort()')
    writer.abort()
    writeCounts(writer, 2, 3)
    expect(readNumbers(openReader(writer.path))).toEqual([0, 2])
  })

  it('for a time before the last frame says where to store the time of a venue', () => {
    const writer = openWriter()
    writer.write(Count, { n: 0 }, { time: 2n ** 40n })
    writer.begin(Count).n = 1
    expect(failureOf(() => writer.commit({ time: 1n })).message).toContain('venueTime: i64')
    writer.commit()
    expect(readNumbers(openReader(writer.path))).toEqual([0, 1])
  })
})
