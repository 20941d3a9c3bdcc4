import * as fc from 'fast-check'
import { on, type Reader, type Writer } from 'ticktape'
import { it } from 'vitest'
import { failureOf } from '../../support/failures.ts'
import { Count, Huge, Pair } from '../../support/frames.ts'
import { journalPath, openReader, openWriter, SMALL_CAPACITY, writeSized } from '../../support/open.ts'

type Action =
  | { readonly do: 'write' | 'abort' | 'fail'; readonly slots: 1 | 2 | 255 }
  | { readonly do: 'burst' | 'poll' | 'iterate' | 'cork'; readonly count: number }
  | { readonly do: 'uncork' | 'discard' | 'reopen' | 'leave begun' | 'resume' | 'seek end' }
  | { readonly do: 'seek'; readonly share: number }

const slots = fc.constantFrom<1 | 2 | 255>(1, 1, 1, 2, 2, 255)
const actions: fc.Arbitrary<Action[]> = fc.array(
  fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({
        do: fc.constantFrom('write' as const, 'write' as const, 'abort' as const, 'fail' as const),
        slots,
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({ do: fc.constant('burst' as const), count: fc.integer({ min: 1, max: 1500 }) }),
    },
    {
      weight: 6,
      arbitrary: fc.record({
        do: fc.constantFrom('poll' as const, 'iterate' as const),
        count: fc.integer({ min: 1, max: 1000 }),
      }),
    },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('cork' as const), count: fc.integer({ min: 0, max: 960 }) }) },
    {
      weight: 4,
      arbitrary: fc.record({
        do: fc.constantFrom(
          'uncork' as const,
          'discard' as const,
          'reopen' as const,
          'leave begun' as const,
          'resume' as const,
          'seek end' as const,
        ),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({ do: fc.constant('seek' as const), share: fc.double({ min: 0, max: 0.999, noNaN: true }) }),
    },
  ),
  { minLength: 30, maxLength: 120, size: 'max' },
)

/** A journal, and its expected content: frame n is at positions[n]. */
class Checked {
  private readonly path = journalPath()
  private writer: Writer = openWriter(this.path)
  private reader: Reader = openReader(this.path, { from: { name: 'model' } })
  private readonly positions: number[] = []
  private corked = false
  private corkedAt = 0
  /** The number of visible frames; while corked the minimum. */
  private visible = 0
  /** The frame that the reader must get next. */
  private next = 0

  do(action: Action): void {
    switch (action.do) {
      case 'write':
        return this.written(writeSized(this.writer, action.slots, this.positions.length))
      case 'burst':
        for (let i = 0; i < action.count; i++)
          this.written(writeSized(this.writer, i % 5 === 0 ? 2 : 1, this.positions.length))
        return
      case 'abort': {
        this.writer.begin([Count, Pair, Huge][action.slots === 255 ? 2 : action.slots - 1]).n = 99
        return this.writer.abort()
      }
      case 'fail':
        failureOf(() => this.writer.write(Pair, { n: 1, note: 'é' }))
        return
      case 'cork':
        if (!this.corked) this.writer.cork(action.count)
        if (!this.corked) this.corkedAt = this.writer.position
        this.corked = true
        return
      case 'uncork':
        if (!this.corked) return
        this.writer.uncork()
        this.corked = false
        this.visible = this.positions.length
        return
      case 'discard': {
        if (!this.corked) return
        this.writer.discard()
        this.corked = false
        const { position } = this.writer
        if (position !== this.corkedAt && position % SMALL_CAPACITY !== 0)
          throw new Error(`discarded back to ${position}, corked at ${this.corkedAt}`)
        while ((this.positions.at(-1) ?? -1) >= position) this.positions.pop()
        if (this.positions.length < this.visible)
          throw new Error(`frame ${this.positions.length} was seen, and discarded`)
        this.visible = this.positions.length
        return
      }
      case 'leave begun':
      case 'reopen':
        if (action.do === 'leave begun') this.writer.begin(Count).n = -1
        this.writer.close()
        this.corked = false
        this.visible = this.positions.length
        this.writer = openWriter(this.path)
        return
      case 'resume':
        this.reader.close()
        this.reader = openReader(this.path, { from: { name: 'model' } })
        return
      case 'poll': {
        let most = action.count
        const handlers = on(Count, f => this.read(f.n, f.position))
          .on(Pair, f => this.read(f.n, f.position))
          .on(Huge, f => this.read(f.n, f.position))
        while (most > 0) {
          const count = this.reader.poll(handlers, most)
          if (count === 0) return this.nothingLeft()
          most -= count
        }
        return
      }
      case 'iterate': {
        let most = action.count
        for (const frame of this.reader) {
          this.read((frame.toObject() as { n: number }).n, frame.position)
          if (--most === 0) return
        }
        return this.nothingLeft()
      }
      case 'seek': {
        if (this.visible === 0) return
        this.next = Math.floor(action.share * this.visible)
        return this.reader.seek({ position: this.positions[this.next] })
      }
      case 'seek end':
        if (this.corked) return
        this.reader.seek('end')
        this.next = this.visible
        if (this.reader.lag !== 0) throw new Error(`a lag of ${this.reader.lag} at the end`)
    }
  }

  private written(position: number): void {
    const last = this.positions.at(-1)
    if (last !== undefined && position <= last) throw new Error(`position ${position} after ${last}`)
    this.positions.push(position)
    if (!this.corked) this.visible = this.positions.length
  }

  private read(n: number, position: number): void {
    if (n !== this.next || position !== this.positions[n])
      throw new Error(`frame ${n} at ${position} instead of ${this.next} at ${this.positions[this.next]}`)
    this.next++
    // A page that became full while corked was published.
    this.visible = Math.max(this.visible, this.next)
  }

  private nothingLeft(): void {
    if (this.next < this.visible) throw new Error(`the reader ends before frame ${this.next} of ${this.visible}`)
  }

  close(): void {
    this.reader.close()
    this.writer.close()
  }
}

it('after any operations in any order, readers get each committed frame once, in order, at its position', () => {
  const property = fc.property(actions, list => {
    const checked = new Checked()
    try {
      for (const action of list) checked.do(action)
      checked.do({ do: 'uncork' })
      checked.do({ do: 'poll', count: 1e6 })
      checked.do({ do: 'seek', share: 0 })
      checked.do({ do: 'iterate', count: 1e6 })
    } finally {
      checked.close()
    }
  })
  fc.assert(property, { numRuns: 60, seed: 20_261_120 })
}, 60_000)
