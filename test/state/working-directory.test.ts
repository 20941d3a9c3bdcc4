/** A path is resolved when it is opened. It does not change when the process changes its working directory. */
import { readdirSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import { Broadcast, BroadcastMember } from 'ticktape/state'
import { expect, test } from 'vitest'
import { startChild } from '../support/child.ts'
import { makeFolder } from '../support/folders.ts'
import { opened, ticks } from '../support/state.ts'

/** `process.chdir` is not allowed in worker threads, so another process changes the directory. */
const MOVE = `
  const { chdir } = process
  const { mkdirSync, existsSync, readdirSync } = await import('node:fs')
  const S = await import('ticktape/state')
  const Tick = ticktape.frame('Tick', 1, { symbol: ascii(16), last: f64, bid: f64, ask: f64, volume: f64 })
  const tick = { symbol: 'BTC-USDT', last: 1, bid: 2, ask: 3, volume: 4 }
  mkdirSync(dir + '/elsewhere'); chdir(dir)
  `

test('a broadcast opened by a relative path writes to a member that joins after the process changed its directory', async () => {
  const folder = realpathSync(makeFolder('memory'))
  const child = startChild(
    `${MOVE}
    const out = S.Broadcast.open('ticks')
    chdir('elsewhere')
    say(out.path); await line()
    say(out.write(Tick, tick)); await line()
    out.close(); process.exit()`,
    [folder],
  )
  expect(await child.hear()).toBe(join(folder, 'ticks'))
  const member = opened(BroadcastMember.join(join(folder, 'ticks'), 'momentum'))
  child.tell()
  expect(await child.hear()).toBe(1)
  expect([member.poll(ticks), readdirSync(join(folder, 'elsewhere'))]).toEqual([1, []])
  child.tell()
  expect((await child.end()).stderr).toBe('')
})

test('a member that joined by a relative path removes its own ring when it leaves', async () => {
  const folder = realpathSync(makeFolder('memory'))
  const out = opened(Broadcast.open(join(folder, 'ticks')))
  const child = startChild(
    `${MOVE}
    const member = S.BroadcastMember.join('ticks', 'one')
    chdir('elsewhere'); member.leave(); process.exit()`,
    [folder],
  )
  expect((await child.end()).stderr).toBe('')
  expect([readdirSync(join(folder, 'ticks')), out.status()]).toEqual([['members'], []])
})

test('every structure, journal and session reports its absolute path', async () => {
  const folder = realpathSync(makeFolder('memory'))
  const child = startChild(
    `${MOVE}
    const { PositionsWriter } = await import('ticktape/trading')
    const { Gateway, SyntheticFeed, auditSession, replayGateway } = await import('ticktape/runtime')
    const open = [
      S.Counters.open('a'), S.TopOfBook.open('b'), S.InFlight.open('c'), S.LatestValues.open('d', Tick), S.CircuitBreaker.open('e'),
      S.Ring.open('f', { role: 'producer' }), S.Broadcast.open('g'), Writer.open('h'), Reader.open('h'), PositionsWriter.open('i'),
      S.CircuitBreaker.find('e'),
    ]
    const starting = Gateway.start({ home: 'home', strategies: [], feed: new SyntheticFeed({ limit: 1 }), speed: 'max' })
    const verifying = ticktape.verify('h')
    const pruning = ticktape.prune('h', { pages: 1 })
    chdir('elsewhere')
    const gateway = await starting
    say([...open.map(each => each.path), gateway.home, (await verifying).pages > 0, (await pruning).keptPages > 0])
    await gateway.stop()
    say(existsSync(dir + '/home/gateway'), readdirSync('.'))
    process.exit()`,
    [folder],
  )
  expect(await child.hear()).toEqual(
    'abcdefghhie'
      .split('')
      .map(name => join(folder, name))
      .concat(join(folder, 'home'), [true, true] as never),
  )
  expect(await child.hear()).toEqual([true, []])
})
