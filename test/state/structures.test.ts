/** The behaviour of each structure, in one process. */
import { readFileSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { CircuitBreaker, Counters, InFlight, LatestValues, TopOfBook } from 'ticktape/state'
import { describe, expect, test } from 'vitest'
import { failureOf } from '../support/failures.ts'
import { Huge, Pair, Tick } from '../support/frames.ts'
import { opened, statePath } from '../support/state.ts'

const tick = { symbol: 'BTC-USDT', last: 61800.2, bid: 61800.2, ask: 61800.3, volume: 3 }

describe('Counters', () => {
  test('a counter is the sum of what all processes add', () => {
    const path = statePath()
    const [one, two] = [opened(Counters.open(path)), opened(Counters.open(path))]
    one.counter('sent').add(3)
    two.counter('sent').increment()
    expect(one.counter('sent').value).toBe(4)
    expect(two.read('sent')).toBe(4)
    expect(two.list()).toEqual([{ name: 'sent', kind: 'counter', value: 4 }])
  })

  test('a cell whose owner has ended is reused, and its count is kept', () => {
    const path = statePath()
    const one = Counters.open(path, { cells: 1 })
    one.counter('sent').add(5)
    one.close()
    const two = opened(Counters.open(path))
    two.counter('sent').add(1)
    expect(two.read('sent')).toBe(6)
    const three = opened(Counters.open(path))
    expect(failureOf(() => three.counter('sent')).code).toBe('ERR_STATE_FULL')
    expect(failureOf(() => three.gauge('other')).code).toBe('ERR_STATE_FULL')
  })

  test('counts beyond 32 bits are exact', () => {
    const path = statePath()
    const counters = opened(Counters.open(path))
    const counter = counters.counter('bytes')
    counter.add(2 ** 32 - 1)
    counter.add(1)
    counter.add(2 ** 52)
    expect(opened(Counters.open(path)).read('bytes')).toBe(2 ** 52 + 2 ** 32)
    expect(failureOf(() => counter.add(2 ** 53)).code).toBe('ERR_FIELD_VALUE')
    expect(counter.value).toBe(2 ** 52 + 2 ** 32)
  })

  test('a gauge has the value that was set last', () => {
    const path = statePath()
    const [one, two] = [opened(Counters.open(path)), opened(Counters.open(path))]
    one.gauge('lag').set(1.5)
    two.gauge('lag').set(-2)
    expect(one.gauge('lag').value).toBe(-2)
    expect(one.gauge('lag').add(0.5)).toBe(-1.5)
    expect(two.read('lag')).toBe(-1.5)
  })

  test('a name is either a counter or a gauge, and all can be listed', () => {
    const counters = opened(Counters.open(statePath()))
    counters.counter('sent')
    expect(failureOf(() => counters.gauge('sent')).code).toBe('ERR_STATE_MISMATCH')
    for (const name of ['', 'ä', 'x'.repeat(120), 'a\nb'])
      expect(failureOf(() => counters.counter(name)).code).toBe('ERR_INVALID_OPTION')
    for (const amount of [-1, 0.5, Number.NaN, '1' as never])
      expect(failureOf(() => counters.counter('sent').add(amount)).code).toBe('ERR_FIELD_VALUE')
    expect(counters.read('sent')).toBe(0)
    expect(counters.read('other')).toBeUndefined()
  })
})

describe('TopOfBook', () => {
  test('a quote, one side of it, or only a price can be replaced', () => {
    const path = statePath()
    const [writer, reader] = [opened(TopOfBook.open(path, { markets: 8 })), opened(TopOfBook.open(path))]
    expect(reader.get(7)).toEqual({ bid: 0, ask: 0, bidSize: 0, askSize: 0 })
    writer.set(7, { bid: 48, ask: 52, bidSize: 100, askSize: 65535 })
    expect(reader.get(7)).toEqual({ bid: 48, ask: 52, bidSize: 100, askSize: 65535 })
    writer.setBid(7, 65535, 1)
    writer.setAsk(7, 60)
    expect(reader.get(7)).toEqual({ bid: 65535, ask: 60, bidSize: 1, askSize: 65535 })
    expect(reader.get(6)).toEqual({ bid: 0, ask: 0, bidSize: 0, askSize: 0 })
  })

  test('a side is replaced only while its price is the expected one', () => {
    const book = opened(TopOfBook.open(statePath()))
    book.set(0, { bid: 48, ask: 52, bidSize: 1, askSize: 2 })
    expect(book.replaceBid(0, 47, 49, 9)).toBe(false)
    expect(book.replaceBid(0, 48, 49, 9)).toBe(true)
    expect(book.replaceAsk(0, 52, 51, 8)).toBe(true)
    expect(book.get(0)).toEqual({ bid: 49, ask: 51, bidSize: 9, askSize: 8 })
  })

  test('a value above 16 bits is refused and nothing is changed', () => {
    const book = opened(TopOfBook.open(statePath()))
    for (const bad of [-1, 65536, 1.5, Number.NaN, '1', undefined]) {
      expect(failureOf(() => book.set(0, { bid: bad as never, ask: 1, bidSize: 1, askSize: 1 })).code).toBe(
        'ERR_FIELD_VALUE',
      )
      expect(failureOf(() => book.set(0, { bid: 1, ask: 1, bidSize: 1, askSize: bad as never })).code).toBe(
        'ERR_FIELD_VALUE',
      )
      expect(failureOf(() => book.setAsk(0, bad as never, 1)).code).toBe('ERR_FIELD_VALUE')
    }
    for (const market of [-1, 512, 0.5, Number.NaN, '0', undefined])
      expect(failureOf(() => book.get(market as never)).code).toBe('ERR_INVALID_OPTION')
    expect(book.get(0)).toEqual({ bid: 0, ask: 0, bidSize: 0, askSize: 0 })
  })
})

describe('LatestValues', () => {
  test('a cell has the last value set, and a version that changes with it', () => {
    const path = statePath()
    const [writer, reader] = [opened(LatestValues.open(path, Tick)), opened(LatestValues.open(path, Tick))]
    expect(reader.get(3)).toBeUndefined()
    expect(reader.version(3)).toBe(0)
    writer.set(3, tick)
    expect(reader.get(3)).toEqual(tick)
    expect(reader.version(3)).toBe(1)
    for (let n = 0; n < 9; n++) writer.set(3, { ...tick, last: n })
    expect(reader.get(3)).toEqual({ ...tick, last: 8 })
    expect(reader.version(3)).toBe(10)
    expect(reader.get(2)).toBeUndefined()
  })

  test('a value that is begun contains the last one, and is not visible before commit', () => {
    const latest = opened(LatestValues.open(statePath(), Tick))
    latest.set(0, tick)
    latest.begin(0).bid = 1
    expect(latest.get(0)).toEqual(tick)
    latest.commit()
    expect(latest.get(0)).toEqual({ ...tick, bid: 1 })
    const view = latest.begin(0)
    view.bid = 2
    latest.abort()
    expect(latest.get(0)).toEqual({ ...tick, bid: 1 })
    expect(failureOf(() => (view.bid = 3)).code).toBe('ERR_VIEW_EXPIRED')
  })

  test('a value that does not fit leaves the cell unchanged', () => {
    const latest = opened(LatestValues.open(statePath(), Tick))
    latest.set(0, tick)
    for (const bad of [
      { ...tick, symbol: 'x'.repeat(17) },
      { ...tick, last: 'x' },
      { ...tick, more: 1 },
      { symbol: 'x' },
      null,
      7,
    ]) {
      expect(failureOf(() => latest.set(0, bad as never)).code).toBe('ERR_FIELD_VALUE')
      expect(latest.get(0)).toEqual(tick)
      expect(latest.version(0)).toBe(1)
    }
    latest.set(0, { ...tick, last: 1 })
    expect(latest.get(0)).toEqual({ ...tick, last: 1 })
  })

  test('frames of any size', () => {
    const pairs = opened(LatestValues.open(statePath(), Pair))
    pairs.set(1023, { n: 1, note: 'hello' })
    expect(pairs.get(1023)).toEqual({ n: 1, note: 'hello' })
    const huge = opened(LatestValues.open(statePath(), Huge, { capacity: 2 }))
    const blob = new Uint8Array(255 * 64 - 40).fill(7)
    huge.set(1, { n: 2, blob })
    expect(huge.get(1)).toEqual({ n: 2, blob })
  })

  test('a cell has one writer, until that writer closes the table', () => {
    const path = statePath()
    const [one, two] = [opened(LatestValues.open(path, Tick)), opened(LatestValues.open(path, Tick))]
    one.set(0, tick)
    expect(failureOf(() => two.set(0, tick)).code).toBe('ERR_STATE_BUSY')
    two.set(1, tick)
    one.close()
    two.set(0, { ...tick, last: 1 })
    expect(two.get(0)?.last).toBe(1)
  })

  test('versions wrap around after 2^32 without becoming the version of an empty cell', () => {
    const path = statePath()
    LatestValues.open(path, Tick).close()
    const bytes = readFileSync(path)
    bytes.writeUInt32LE(2 ** 32 - 2, 4096)
    bytes.writeUInt32LE(2 ** 32 - 2, 4100)
    writeFileSync(path, bytes)
    const latest = opened(LatestValues.open(path, Tick))
    for (let n = 0; n < 8; n++) {
      latest.set(0, { ...tick, last: n })
      expect(latest.get(0)?.last).toBe(n)
      expect(latest.version(0)).toBe([2 ** 32 - 1, 1, 2, 3, 4, 5, 6, 7][n])
    }
  })

  test('when a field refuses its value, the new value is discarded and the cell keeps the last one', () => {
    const latest = opened(LatestValues.open(statePath(), Tick))
    for (const cell of [0, 1]) {
      if (cell === 1) latest.set(1, tick)
      for (let n = 0; n < 9; n++) {
        const view = latest.begin(cell)
        view.bid = 7
        expect(failureOf(() => (view.symbol = 'x'.repeat(17))).code).toBe('ERR_FIELD_VALUE')
        expect(failureOf(() => (view.bid = 8)).code).toBe('ERR_VIEW_EXPIRED')
        const failure = failureOf(() => latest.commit())
        expect(failure.code).toBe('ERR_INVALID_STATE')
        expect(failure.message).toContain('discarded')
        if (n === 3) latest.abort()
        expect(latest.get(cell)).toEqual(cell === 0 ? undefined : tick)
      }
    }
    latest.abort()
    expect(failureOf(() => latest.commit()).message).toContain('without begin()')
    latest.begin(1).bid = 9
    latest.commit()
    expect(latest.get(1)).toEqual({ ...tick, bid: 9 })
  })

  test('a new cell begins with zeros, also after its first value was discarded', () => {
    const latest = opened(LatestValues.open(statePath(), Tick))
    Object.assign(latest.begin(0), tick)
    latest.abort()
    latest.begin(0).last = 5
    latest.commit()
    expect(latest.get(0)).toEqual({ symbol: '', last: 5, bid: 0, ask: 0, volume: 0 })
  })

  test('values that write to the table themselves are refused', () => {
    const latest = opened(LatestValues.open(statePath(), Tick))
    latest.set(0, tick)
    for (const meddle of [
      () => latest.abort(),
      () => latest.commit(),
      () => (latest.abort(), latest.begin(1)),
      () => latest.set(1, tick),
      () => latest.close(),
    ]) {
      const values = {
        ...tick,
        get last() {
          meddle()
          return 1
        },
      }
      expect(failureOf(() => latest.set(0, values)).code).toMatch(/^ERR_(VIEW_EXPIRED|INVALID_STATE|CLOSED)$/)
    }
  })

  test('calls out of order are refused', () => {
    const latest = opened(LatestValues.open(statePath(), Tick))
    expect(failureOf(() => latest.commit()).code).toBe('ERR_INVALID_STATE')
    latest.begin(0)
    expect(failureOf(() => latest.begin(1)).code).toBe('ERR_INVALID_STATE')
    expect(failureOf(() => latest.set(1, tick)).code).toBe('ERR_INVALID_STATE')
    latest.abort()
    expect(failureOf(() => latest.abort()).code).toBe('ERR_INVALID_STATE')
    expect(latest.get(0)).toBeUndefined()
  })
})

describe('InFlight', () => {
  test('a market is acquired once, and only its owner releases it', () => {
    const path = statePath()
    const [one, two] = [opened(InFlight.open(path)), opened(InFlight.open(path))]
    expect(one.owner(5)).toBeUndefined()
    expect(one.tryAcquire(5)).toBe(true)
    expect([one.tryAcquire(5), two.tryAcquire(5), two.release(5), two.releaseAfter(5, 0)]).toEqual([
      false,
      false,
      false,
      false,
    ])
    expect(two.owner(5)).toBe(process.pid)
    expect(two.holders()).toMatchObject([{ market: 5, pid: process.pid, alive: true }])
    expect([one.count, two.count]).toEqual([1, 1])
    expect(one.release(5)).toBe(true)
    expect([one.release(5), two.count, two.tryAcquire(5)]).toEqual([false, 0, true])
  })

  test('a market is free after its deadline, and its late owner has lost it', async () => {
    const path = statePath()
    const [one, two] = [opened(InFlight.open(path, { ttlMs: 60 })), opened(InFlight.open(path))]
    expect(one.tryAcquire(0)).toBe(true)
    expect(two.tryAcquire(0)).toBe(false)
    await sleep(100)
    expect(one.count).toBe(0)
    expect(one.owner(0)).toBeUndefined()
    expect(one.releaseAfter(0, 1000)).toBe(false)
    expect(two.tryAcquire(0)).toBe(true)
    expect([one.release(0), two.release(0)]).toEqual([false, true])
  })

  test('a release can be delayed', async () => {
    const path = statePath()
    const [one, two] = [opened(InFlight.open(path)), opened(InFlight.open(path))]
    one.tryAcquire(0)
    expect(one.releaseAfter(0, 60)).toBe(true)
    expect(two.tryAcquire(0)).toBe(false)
    await sleep(100)
    expect(two.tryAcquire(0)).toBe(true)
    expect(one.tryAcquire(1)).toBe(true)
    expect(one.releaseAfter(1, 0)).toBe(true)
    await sleep(20)
    expect(two.tryAcquire(1)).toBe(true)
  })

  test('the market of a dead owner stays in flight until its deadline, or until it is resolved', () => {
    const path = statePath()
    const two = opened(InFlight.open(path))
    const one = InFlight.open(path)
    one.tryAcquire(3)
    one.close()
    expect(two.tryAcquire(3)).toBe(false)
    expect(two.holder(3)).toMatchObject({ alive: false, pid: process.pid })
    expect(two.freeDead()).toBe(1)
    expect(two.tryAcquire(3)).toBe(true)
    expect(two.freeDead()).toBe(0)
    expect(two.owner(3)).toBe(process.pid)
  })

  test('a new owner does not get the slot of an owner whose markets are in flight', () => {
    const path = statePath()
    const one = InFlight.open(path, { owners: 2 })
    one.tryAcquire(3)
    one.close()
    const two = opened(InFlight.open(path))
    expect([two.release(3), two.tryAcquire(3)]).toEqual([false, false])
    expect(failureOf(() => InFlight.open(path)).code).toBe('ERR_STATE_FULL')
    two.freeDead()
    opened(InFlight.open(path))
  })

  test('after another boot nothing is in flight', () => {
    const path = statePath()
    const one = InFlight.open(path)
    one.tryAcquire(3)
    one.close()
    const bytes = readFileSync(path)
    bytes[128] ^= 1
    writeFileSync(path, bytes)
    const two = opened(InFlight.open(path))
    expect(two.count).toBe(0)
    expect(two.tryAcquire(3)).toBe(true)
    expect(opened(InFlight.open(path)).count).toBe(1)
  })
})

describe('CircuitBreaker', () => {
  const limits = { maxConsecutiveErrors: 5, maxDailyLoss: 50_000, maxPosition: 1_000 }

  test('errors in a row halt, in every process, until resume', () => {
    const path = statePath()
    const [one, two] = [opened(CircuitBreaker.open(path, limits)), opened(CircuitBreaker.open(path))]
    for (let i = 0; i < 4; i++) one.recordError()
    two.recordSuccess()
    for (let i = 0; i < 4; i++) one.recordError()
    expect([one.check(0, 1), two.halted]).toEqual([null, false])
    two.recordError()
    expect([one.check(0, 1), two.check(0, 1), one.halted]).toEqual(['consecutive-errors', 'consecutive-errors', true])
    expect(two.status().halt).toMatchObject({
      code: 'consecutive-errors',
      reason: '5 errors in a row',
      pid: process.pid,
    })
    two.resume()
    expect([one.check(0, 1), one.consecutiveErrors, one.status().halt]).toEqual([null, 0, undefined])
  })

  test('a loss above the limit halts trading, a loss at the limit does not', () => {
    const breaker = opened(CircuitBreaker.open(statePath(), limits))
    expect(breaker.recordPnl(10)).toBe(10)
    expect(breaker.recordPnl(-50_010)).toBe(-50_000)
    expect(breaker.check(0, 1)).toBeNull()
    breaker.recordPnl(-1)
    expect(breaker.check(0, 1)).toBe('daily-loss')
    expect(breaker.dailyPnl).toBe(-50_001)
    breaker.resume()
    expect(breaker.check(0, 1)).toBeNull()
    breaker.recordPnl(-1)
    expect(breaker.check(0, 1)).toBe('daily-loss')
  })

  test('only the P&L of today counts, but a halt of yesterday stays', () => {
    const path = statePath()
    const breaker = CircuitBreaker.open(path, limits)
    breaker.recordPnl(-60_000)
    breaker.close()
    const bytes = readFileSync(path)
    bytes.writeUInt16LE(bytes.readUInt16LE(512 + 6) - 1, 512 + 6)
    writeFileSync(path, bytes)
    const later = opened(CircuitBreaker.open(path))
    expect([later.dailyPnl, later.halted]).toEqual([0, true])
    expect(later.recordPnl(-7)).toBe(-7)
  })

  test('a day begins at the configured time', () => {
    const path = statePath()
    const minute = Math.floor(Date.now() / 60_000) % 1440
    const breaker = opened(CircuitBreaker.open(path, { dayStart: (minute + 1430) % 1440 }))
    breaker.recordPnl(-1)
    expect(breaker.dailyPnl).toBe(-1)
    expect(failureOf(() => CircuitBreaker.open(path, { dayStart: minute })).code).toBe('ERR_STATE_MISMATCH')
  })

  test('a position above its limit may only be reduced', () => {
    const breaker = opened(CircuitBreaker.open(statePath(), limits))
    expect([breaker.check(1, 1000), breaker.check(1, 1001), breaker.check(1, -1001)]).toEqual([
      null,
      'position-limit',
      'position-limit',
    ])
    expect(breaker.recordFill(1, 900)).toBe(900)
    expect([breaker.check(1, 100), breaker.check(1, 101), breaker.check(1, -1900), breaker.check(2, 1000)]).toEqual([
      null,
      'position-limit',
      null,
      null,
    ])
    breaker.setPosition(1, -3000)
    expect([breaker.check(1, -1), breaker.check(1, 1), breaker.check(1, 7000)]).toEqual([
      'position-limit',
      null,
      'position-limit',
    ])
    breaker.setMarketLimit(1, 5000)
    expect(breaker.check(1, -1)).toBeNull()
    breaker.setMarketLimit(1, undefined)
    expect([breaker.check(1, -1), breaker.position(1)]).toEqual(['position-limit', -3000])
    expect(breaker.halted).toBe(false)
  })

  test('the first reason is kept, whatever its length', () => {
    const path = statePath()
    const breaker = opened(CircuitBreaker.open(path))
    expect(breaker.halt('é'.repeat(1000))).toBe(true)
    expect(breaker.halt('again')).toBe(false)
    const { halt } = breaker.status()
    expect(halt?.reason).toBe('é'.repeat(248))
    expect(breaker.check(0, 1)).toBe('halted')
    for (let i = 0; i < 5; i++) {
      breaker.resume()
      breaker.halt(`reason ${i}`)
      expect(breaker.status().halt?.reason).toBe(`reason ${i}`)
    }
  })

  test('limits are the same for all processes, and change for all', () => {
    const path = statePath()
    const one = opened(CircuitBreaker.open(path, limits))
    expect(failureOf(() => CircuitBreaker.open(path, { maxDailyLoss: 1 })).code).toBe('ERR_STATE_MISMATCH')
    opened(CircuitBreaker.open(path, limits)).setLimits({ maxDailyLoss: 1 })
    expect(one.limits).toEqual({ ...limits, maxDailyLoss: 1 })
    one.recordPnl(-2)
    expect(one.halted).toBe(true)
  })

  test('an invalid amount, market or quantity is refused', () => {
    const breaker = opened(CircuitBreaker.open(statePath(), limits))
    for (const bad of [0.5, Number.NaN, 2 ** 47, '1' as never])
      expect(failureOf(() => breaker.recordPnl(bad)).code).toBe('ERR_FIELD_VALUE')
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, '1' as never, undefined as never])
      expect(failureOf(() => breaker.check(0, bad)).code).toBe('ERR_FIELD_VALUE')
    expect(failureOf(() => breaker.check(512, 1)).code).toBe('ERR_INVALID_OPTION')
    expect(failureOf(() => breaker.halt(7 as never)).code).toBe('ERR_INVALID_OPTION')
    expect(failureOf(() => breaker.setLimits({ maxDailyLoss: -1 })).code).toBe('ERR_INVALID_OPTION')
    expect(breaker.dailyPnl).toBe(0)
  })

  test('find does not create a breaker', () => {
    expect(CircuitBreaker.find(statePath())).toBeUndefined()
  })
})
