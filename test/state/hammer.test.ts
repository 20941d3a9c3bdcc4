/**
 * Four processes use each structure at the same time, for seconds, and again while one of them is killed repeatedly. Every process checks
 * all values that it sees, and ends with an error when a value is torn, an update is lost, or two processes own the same thing.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { CircuitBreaker, Counters, InFlight, LatestValues, TopOfBook } from 'ticktape/state'
import { describe, expect, test } from 'vitest'
import { type Child, startChild } from '../support/child.ts'
import { Tick } from '../support/frames.ts'
import { opened, statePath } from '../support/state.ts'

const LONG = Boolean(process.env['TICKTAPE_STATE_LONG'])
const HAMMER_MS = LONG ? 10_000 : 500
const KILLS = LONG ? 200 : 2

/** The beginning of each child: calls turn until the parent sends "stop". */
const LOOP = `
  const S = await import('ticktape/state')
  const role = Number(args[1])
  const must = (sound, what) => { if (!sound) throw new Error('role ' + role + ': ' + what) }
  async function hammer(turn, result) {
    let stopped = false
    process.stdin.once('data', () => { stopped = true })
    say('ready')
    let turns = 0
    while (!stopped) {
      for (let i = 0; i < 500; i++) turn(turns++)
      await new Promise(resolve => setImmediate(resolve))
    }
    say({ turns, ...result() })
    process.exit()
  }
`

interface Totals {
  readonly turns: number
  readonly [name: string]: number
}

interface Hammered {
  readonly name: string
  readonly code: string
  /** Checks the final state. `victims` is the number of processes that were killed. */
  readonly check: (path: string, totals: readonly Totals[], victims: number) => void | Promise<void>
}

const HAMMERED: readonly Hammered[] = [
  {
    name: 'TopOfBook',
    code: `
      const book = S.TopOfBook.open(dir, { markets: 8 })
      let moved = 0
      const side = role % 2 === 0 ? 'bid' : 'ask'
      await hammer(n => {
        const x = (Math.random() * 65536) | 0
        book.update(0, x, x ^ 0xffff, (x * 3) & 0xffff, (x * 5 + 1) & 0xffff)
        const q = book.get(0)
        must(q.ask === (q.bid ^ 0xffff) && q.bidSize === ((q.bid * 3) & 0xffff) && q.askSize === ((q.bid * 5 + 1) & 0xffff), 'torn ' + JSON.stringify(q))
        // Roles 0 and 1 each write one side of market 1, roles 2 and 3 of market 2. No update of another process may undo theirs.
        const market = 1 + (role >> 1), value = n & 0xffff
        if (side === 'bid') book.setBid(market, value, value)
        else { book.setAsk(market, value ^ 0xff, value); book.setAsk(market, value) }
        const own = book.get(market)
        must(own[side] === value && own[side + 'Size'] === value, 'lost ' + JSON.stringify(own))
        const { bid, bidSize } = book.get(3)
        if (book.replaceBid(3, bid, (bid + 1) & 0xffff, bidSize)) moved++
      }, () => ({ moved }))`,
    check(path, totals, victims) {
      const book = opened(TopOfBook.open(path))
      const moved = totals.reduce((sum, total) => sum + (total['moved'] ?? 0), 0)
      expect(moved).toBeGreaterThan(0)
      if (victims === 0) expect(book.get(3).bid).toBe(moved & 0xffff)
    },
  },
  {
    name: 'Counters',
    code: `
      const counters = S.Counters.open(dir)
      const a = counters.counter('a'), b = counters.counter('b'), g = counters.gauge('g')
      let seen = 0
      await hammer(n => {
        a.add(1)
        b.add(1)
        if (n % 16 === 0) g.add(1)
        if (n % 64 === 0) {
          const now = counters.read('a')
          must(now >= seen, 'went back from ' + seen + ' to ' + now)
          seen = now
        }
      }, () => ({}))`,
    check(path, totals, victims) {
      const counters = opened(Counters.open(path))
      const turns = totals.reduce((sum, total) => sum + total.turns, 0)
      const [a, b] = [counters.read('a') ?? 0, counters.read('b') ?? 0]
      if (victims === 0) {
        expect([a, b]).toEqual([turns, turns])
        expect(counters.read('g')).toBe(totals.reduce((sum, total) => sum + Math.ceil(total.turns / 16), 0))
      }
      // A killed process has added at most to one counter and not yet to the other.
      expect(a).toBeGreaterThanOrEqual(turns)
      expect(a - b).toBeGreaterThanOrEqual(0)
      expect(a - b).toBeLessThanOrEqual(victims)
      // Later processes reuse the cells of the killed ones.
      expect(
        counters
          .list()
          .map(counter => counter.name)
          .sort(),
      ).toEqual(['a', 'b', 'g'])
    },
  },
  {
    name: 'InFlight',
    code: `
      const inFlight = S.InFlight.open(dir, { markets: 16, ttlMs: 3000 })
      // Written only by the process that has the market. The number of another process in it means that two had it. (The deadlines are far
      // away, because a process that was suspended past its deadline, and then wrote, would look the same.)
      const witness = S.TopOfBook.open(dir + '.witness', { markets: 16 })
      let held = 0, lost = 0
      await hammer(n => {
        const market = (Math.random() * 16) | 0
        if (!inFlight.tryAcquire(market)) { if (n % 50 === 0) inFlight.holder(market); return }
        const mark = ((n * 4 + role) & 0xffff)
        witness.setBid(market, mark, role)
        let sound = true
        for (let i = 0; i < 10; i++) { const q = witness.get(market); sound &&= q.bid === mark && q.bidSize === role }
        if (n % 7 === 0) inFlight.releaseAfter(market, 3000)
        // The market was held from acquiring it until here. Otherwise release() returns that it was lost, because this process was
        // suspended for too long.
        if (inFlight.release(market)) { held++; must(sound, 'market ' + market + ' was held twice') } else lost++
      }, () => ({ held, lost }))`,
    async check(path, totals) {
      for (const total of totals) expect(total['held']).toBeGreaterThan(0)
      const inFlight = opened(InFlight.open(path))
      // Dead processes hold nothing for longer than their deadlines.
      await sleep(3100)
      for (let market = 0; market < 16; market++) expect(inFlight.tryAcquire(market)).toBe(true)
      expect(inFlight.count).toBe(16)
    },
  },
  {
    name: 'LatestValues',
    code: `
      const Tick = frame('Tick', 1, { symbol: ascii(16), last: f64, bid: f64, ask: f64, volume: f64 })
      const latest = S.LatestValues.open(dir, Tick, { capacity: 8 })
      const versions = [0, 0, 0, 0], lasts = [0, 0, 0, 0]
      let n = latest.get(role)?.last ?? 0, looked = 0
      await hammer(() => {
        n++
        if (n % 2 === 0) latest.set(role, { symbol: 'n' + n, last: n, bid: 2 * n, ask: -n, volume: n + 1 })
        else { const t = latest.begin(role); t.symbol = 'n' + n; t.last = n; t.bid = 2 * n; t.ask = -n; t.volume = n + 1; latest.commit() }
        for (let cell = 0; cell < 4; cell++) {
          const before = latest.version(cell)
          const t = latest.read(cell)
          if (t === undefined) continue
          looked++
          const { last } = t
          must(t.symbol === 'n' + last && t.bid === 2 * last && t.ask === -last && t.volume === last + 1, 'torn ' + JSON.stringify(t.toObject()))
          must(before >= versions[cell] && last >= lasts[cell], 'cell ' + cell + ' went back')
          must(cell !== role || last === n, 'does not read its own')
          versions[cell] = before
          lasts[cell] = last
        }
      }, () => ({ looked }))`,
    check(path, totals) {
      for (const total of totals) expect(total['looked']).toBeGreaterThan(total.turns)
      const latest = opened(LatestValues.open(path, Tick))
      for (let cell = 0; cell < 4; cell++) {
        const { symbol, last, volume } = latest.get(cell) ?? { symbol: '', last: 0, volume: 0 }
        expect([symbol, volume]).toEqual([`n${last}`, last + 1])
        // It has no owner any more, so it can be written again.
        latest.set(cell, { symbol: 'n1', last: 1, bid: 2, ask: -1, volume: 2 })
      }
    },
  },
  {
    name: 'CircuitBreaker',
    code: `
      const breaker = S.CircuitBreaker.open(dir, { dayStart: Number(args[2]) })
      let halts = 0, seen = 0
      await hammer(n => {
        breaker.recordPnl(1)
        breaker.recordFill(0, 1)
        if (n % 32 === role) { if (breaker.halt('role ' + role + ' turn ' + n)) halts++ }
        if (n % 32 === 16 + role) breaker.resume()
        if (n % 8 === 0) {
          const { halt } = breaker.status()
          if (halt !== undefined) { seen++; must(halt.reason === '' || /^role [0-3] turn \\d+$/.test(halt.reason), 'torn ' + JSON.stringify(halt.reason)) }
        }
      }, () => ({ halts, seen }))`,
    check(path, totals, victims) {
      const breaker = opened(CircuitBreaker.open(path))
      const turns = totals.reduce((sum, total) => sum + total.turns, 0)
      if (victims === 0) expect([breaker.dailyPnl, breaker.position(0)]).toEqual([turns, turns])
      expect(breaker.dailyPnl).toBeGreaterThanOrEqual(turns)
      expect(breaker.dailyPnl - breaker.position(0)).toBeGreaterThanOrEqual(0)
      expect(breaker.dailyPnl - breaker.position(0)).toBeLessThanOrEqual(victims)
      expect(totals.reduce((sum, total) => sum + (total['seen'] ?? 0), 0)).toBeGreaterThan(0)
      breaker.resume()
      expect(breaker.check(0, 1)).toBeNull()
    },
  },
]

/** A day that does not end while the test runs. */
const DAY_START = (Math.floor(Date.now() / 60_000) + 720) % 1440

async function start(code: string, path: string, role: number): Promise<Child> {
  const child = startChild(LOOP + code, [path, role, DAY_START])
  expect(await child.hear()).toBe('ready')
  return child
}

async function stop(child: Child): Promise<Totals> {
  child.tell()
  const totals = (await child.hear()) as Totals
  expect(await child.end()).toMatchObject({ code: 0, stderr: '' })
  return totals
}

describe.each(HAMMERED)('$name', ({ code, check }) => {
  test(
    'used by four processes at the same time',
    async () => {
      const path = statePath()
      const children = await Promise.all([0, 1, 2, 3].map(async role => start(code, path, role)))
      await sleep(HAMMER_MS)
      const totals = await Promise.all(children.map(stop))
      await check(path, totals, 0)
    },
    HAMMER_MS + 60_000,
  )

  test(
    `used by four processes at the same time, one of them killed ${KILLS} times`,
    async () => {
      const path = statePath()
      const survivors = await Promise.all([0, 1, 2].map(async role => start(code, path, role)))
      for (let kill = 0; kill < KILLS; kill++) {
        const victim = await start(code, path, 3)
        await sleep(Math.random() * 40)
        expect((await victim.kill()).stderr).toBe('')
      }
      const totals = await Promise.all(survivors.map(stop))
      await check(path, totals, KILLS)
    },
    KILLS * 5000 + 60_000,
  )
})

test('this check detects a lost update', async () => {
  const path = statePath()
  // As above, but adds in two steps.
  const code = `
    const counters = S.Counters.open(dir)
    const g = counters.gauge('g')
    await hammer(() => g.set(g.value + 1), () => ({}))`
  const children = await Promise.all([0, 1, 2, 3].map(async role => start(code, path, role)))
  await sleep(1000)
  const totals = await Promise.all(children.map(stop))
  expect(opened(Counters.open(path)).read('g')).toBeLessThan(totals.reduce((sum, total) => sum + total.turns, 0))
}, 60_000)
