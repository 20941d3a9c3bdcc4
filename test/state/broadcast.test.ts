/** One writer and many members: which frames each gets and misses, and the files of members that have left. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { on } from 'ticktape'
import { Broadcast, BroadcastMember, type BroadcastOptions, type MemberOptions } from 'ticktape/state'
import { expect, test } from 'vitest'
import { startChild } from '../support/child.ts'
import { failureOf } from '../support/failures.ts'
import { makeFolder } from '../support/folders.ts'
import { Count, Tick } from '../support/frames.ts'
import { opened, statePath } from '../support/state.ts'

const KILLS = process.env['TICKTAPE_STATE_LONG'] ? 200 : 6

function broadcast(directory: string, options: BroadcastOptions = {}): Broadcast {
  return opened(Broadcast.open(directory, options))
}

function joined(directory: string, name: string, options: MemberOptions = {}): BroadcastMember {
  return opened(BroadcastMember.join(directory, name, options))
}

function tick(symbol: string): { symbol: string; last: number; bid: number; ask: number; volume: number } {
  return { symbol, last: 1, bid: 2, ask: 3, volume: 4 }
}

function symbols(member: BroadcastMember): string[] {
  const seen: string[] = []
  member.poll(
    on(Tick, t => seen.push(t.symbol)),
    10_000,
  )
  return seen
}

function numbers(member: BroadcastMember): number[] {
  const seen: number[] = []
  member.poll(
    on(Count, t => seen.push(t.n)),
    10_000,
  )
  return seen
}

test('by keys: each member gets its own, and all get frames without a key', () => {
  const directory = statePath()
  const out = broadcast(directory)
  const [btc, both, all] = [
    joined(directory, 'btc', { keys: ['BTC'] }),
    joined(directory, 'both', { keys: ['BTC', 'ETH'] }),
    joined(directory, 'all'),
  ]
  expect([
    out.write(Tick, tick('BTC'), 'BTC'),
    out.write(Tick, tick('ETH'), 'ETH'),
    out.write(Tick, tick('XRP'), 'XRP'),
    out.write(Tick, tick('none')),
  ]).toEqual([3, 2, 1, 3])
  expect(symbols(btc)).toEqual(['BTC', 'none'])
  expect(symbols(both)).toEqual(['BTC', 'ETH', 'none'])
  expect(symbols(all)).toEqual(['BTC', 'ETH', 'XRP', 'none'])
})

test('by the function `accepts`', () => {
  const directory = statePath()
  const out = broadcast(directory, {
    accepts: (member, _, values) => (member.name === 'odd') === ((values['n'] as number) % 2 === 1),
  })
  const [odd, even] = [joined(directory, 'odd'), joined(directory, 'even')]
  for (let n = 0; n < 6; n++) expect(out.write(Count, { n })).toBe(1)
  expect([numbers(odd), numbers(even)]).toEqual([
    [1, 3, 5],
    [0, 2, 4],
  ])
})

test('a slow member misses frames, gets their count, and delays no one else', () => {
  const directory = statePath()
  const out = broadcast(directory)
  const [slow, fast] = [joined(directory, 'slow', { slots: 4 }), joined(directory, 'fast')]
  for (let n = 0; n < 10; n++) out.write(Count, { n })
  expect(out.status()).toMatchObject([
    { name: 'slow', missed: 6, size: 4, alive: true },
    { name: 'fast', missed: 0, size: 10, alive: true },
  ])
  expect([numbers(slow), slow.missed, numbers(fast).length, fast.missed]).toEqual([[0, 1, 2, 3], 6, 10, 0])
})

test("with 'overwrite' the oldest frames are missed", () => {
  const directory = statePath()
  const out = broadcast(directory, { whenFull: 'overwrite' })
  const slow = joined(directory, 'slow', { slots: 4 })
  for (let n = 0; n < 10; n++) out.write(Count, { n })
  expect([numbers(slow), slow.missed]).toEqual([[6, 7, 8, 9], 6])
})

test('members join and leave while it runs', () => {
  const directory = statePath()
  const out = broadcast(directory)
  expect(out.write(Count, { n: 0 })).toBe(0)
  const one = joined(directory, 'one')
  expect(out.write(Count, { n: 1 })).toBe(1)
  one.leave()
  expect([out.write(Count, { n: 2 }), readdirSync(directory)]).toEqual([0, ['members']])
  for (const use of [() => numbers(one), () => one.size, () => one.missed]) {
    expect(failureOf(use)).toMatchObject({
      code: 'ERR_CLOSED',
      message: expect.stringContaining("member 'one' of ") as string,
    })
  }
  const again = joined(directory, 'one')
  expect(out.write(Count, { n: 3 })).toBe(1)
  expect(numbers(again)).toEqual([3])
})

test('a member that left and joined again between two frames gets the next one', () => {
  const directory = statePath()
  const out = broadcast(directory)
  joined(directory, 'one')
  out.write(Count, { n: 0 })
  opened(BroadcastMember.join(directory, 'two')).leave()
  const two = joined(directory, 'two', { keys: ['x'] })
  expect(out.write(Count, { n: 1 }, 'x')).toBe(2)
  two.leave()
  const anew = joined(directory, 'two')
  expect(out.write(Count, { n: 2 }, 'y')).toBe(2)
  expect(numbers(anew)).toEqual([2])
})

test('a member that closed without leaving gets the frames written meanwhile, within graceMs', () => {
  const directory = statePath()
  const out = broadcast(directory)
  joined(directory, 'one').close()
  out.write(Count, { n: 1 })
  expect(out.status()).toMatchObject([{ name: 'one', alive: false, size: 1 }])
  expect(out.sweep()).toEqual([])
  expect(numbers(joined(directory, 'one'))).toEqual([1])
})

test('after its grace period its file is removed and its slot is free', () => {
  const directory = statePath()
  const out = broadcast(directory, { graceMs: 0, members: 1 })
  joined(directory, 'one').close()
  out.write(Count, { n: 1 })
  expect(failureOf(() => BroadcastMember.join(directory, 'two')).code).toBe('ERR_STATE_FULL')
  expect(out.sweep()).toEqual(['one'])
  expect(readdirSync(directory)).toEqual(['members'])
  const two = joined(directory, 'two')
  expect([out.sweep(), out.write(Count, { n: 2 }), numbers(two)]).toEqual([[], 1, [2]])
})

test('the broadcaster may open again, or open last', () => {
  const directory = statePath()
  const one = joined(directory, 'one')
  const first = Broadcast.open(directory)
  expect(failureOf(() => Broadcast.open(directory)).code).toBe('ERR_STATE_BUSY')
  first.write(Count, { n: 1 })
  first.close()
  broadcast(directory).write(Count, { n: 2 })
  expect(numbers(one)).toEqual([1, 2])
})

test('one damaged member is left out and reported', () => {
  const directory = statePath()
  const [bad, good] = [joined(directory, 'bad', { slots: 4 }), joined(directory, 'good')]
  bad.close()
  opened(BroadcastMember.join(directory, 'other')).close()
  const out = broadcast(directory, { whenFull: 'overwrite' })
  out.write(Count, { n: 1 })
  out.close()
  // Rings that overwrite stay so: a broadcaster that drops cannot write to them.
  const later = broadcast(directory, { whenFull: 'drop' })
  expect([...later.problems.keys()].sort()).toEqual(['bad', 'good', 'other'])
  expect(later.write(Count, { n: 2 })).toBe(0)
  good.leave()
  const anew = joined(directory, 'good')
  expect([later.write(Count, { n: 3 }), numbers(anew)]).toEqual([1, [3]])
  expect([...later.problems.keys()].sort()).toEqual(['bad', 'other'])
})

test('names must be valid file names', () => {
  const directory = makeFolder('memory')
  for (const name of ['', '..', '.x', 'a/b', 'x'.repeat(64), 'a b', 7])
    expect(failureOf(() => BroadcastMember.join(directory, name as never)).code).toBe('ERR_INVALID_OPTION')
  expect(failureOf(() => BroadcastMember.join(directory, 'one', { keys: [] })).code).toBe('ERR_INVALID_OPTION')
  expect(failureOf(() => BroadcastMember.join(directory, 'one', { keys: ['a\nb'] })).code).toBe('ERR_INVALID_OPTION')
  expect(failureOf(() => BroadcastMember.join(directory, 'one', { keys: ['x'.repeat(4000)] })).code).toBe(
    'ERR_INVALID_OPTION',
  )
  expect(failureOf(() => Broadcast.open('')).code).toBe('ERR_INVALID_OPTION')
  const one = joined(directory, 'one')
  expect(failureOf(() => BroadcastMember.join(directory, 'one'))).toMatchObject({
    code: 'ERR_STATE_BUSY',
    pid: process.pid,
  })
  one.close()
})

test(
  `three processes read; one is killed ${KILLS} times; the others miss only frames that are counted`,
  async () => {
    const directory = statePath()
    const out = broadcast(directory, { graceMs: 50 })
    const READER = `
    const { BroadcastMember } = await import('ticktape/state')
    const member = BroadcastMember.join(dir, args[1], { slots: 512 })
    let stopped = false, got = 0, last = -1
    process.stdin.once('data', () => { stopped = true })
    say('ready')
    const handlers = on(Count, t => { if (!(t.n > last)) throw new Error(t.n + ' after ' + last); last = t.n; got++ })
    while (!stopped || member.size > 0) { member.poll(handlers); await new Promise(resolve => setImmediate(resolve)) }
    say(got, member.missed); process.exit()`
    const steady = [startChild(READER, [directory, 'one']), startChild(READER, [directory, 'two'])]
    for (const child of steady) await child.hear()
    let n = 0
    const write = async (ms: number): Promise<void> => {
      const end = performance.now() + ms
      while (performance.now() < end) {
        for (let i = 0; i < 50; i++) out.write(Count, { n: n++ })
        await sleep(0)
      }
    }
    for (let kill = 0; kill < KILLS; kill++) {
      const victim = startChild(READER, [directory, 'victim'])
      await victim.hear()
      await write(10 + Math.random() * 20)
      expect((await victim.kill()).stderr).toBe('')
      if (kill % 2 === 1) {
        await sleep(60)
        out.sweep()
        await sleep(60)
        out.sweep()
        expect(readdirSync(directory)).not.toContain('victim.ring')
      }
    }
    for (const child of steady) {
      child.tell()
      const [got, missed] = (await child.hear()) as [number, number]
      expect(got + missed).toBe(n)
      expect((await child.end()).code).toBe(0)
    }
    expect([...out.problems]).toEqual([])
    out.close()
    expect(readdirSync(join(directory)).filter(name => name.endsWith('.tmp'))).toEqual([])
  },
  KILLS * 5000 + 60_000,
)
