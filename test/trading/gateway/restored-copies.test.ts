import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Gateway, SyntheticFeed } from 'ticktape/runtime'
import { expect, test } from 'vitest'
import { Page } from '../../../dist/frames/format.js'
import { offsetsOf } from '../../../dist/frames/offsets.js'
import { Home } from '../../../dist/trading/sequence/frames.js'
import { moduleOf, newHome, ordersOf, playToEnd, QUICK, STRATEGY_JOURNALS } from '../../support/desks.ts'
import { rejectionOf } from '../../support/failures.ts'
import { makeFolder } from '../../support/folders.ts'

const TWO = `const each = id => defineStrategy({ id, onTrade(trade, { order }) {
    order({ symbol: trade.symbol, side: 'buy', quantity: 1 })
  } })
  export default [each('a'), each('b')]`

/** All bytes of all files of a home, but those that only say that somebody has opened it. */
function contentsOf(home: string): Map<string, string> {
  const files = readdirSync(home, { recursive: true, withFileTypes: true }).filter(entry => entry.isFile())
  const paths = files.map(({ parentPath, name }) => join(parentPath, name))
  return new Map(
    paths
      .filter(path => !path.endsWith('.lock') && path.endsWith('.page'))
      .map(path => [path, readFileSync(path).toString('latin1')]),
  )
}

test('journals that do not belong together are refused before anything is written, and named', {
  timeout: 120_000,
}, async () => {
  const home = newHome()
  const play = (limit: number): Promise<boolean> =>
    playToEnd({ home, strategies: [moduleOf(TWO)], feed: new SyntheticFeed({ limit }) })
  await play(100)
  const older = join(makeFolder('memory'), 'older')
  cpSync(home, older, { recursive: true })
  await play(300)
  expect(ordersOf(home, 'b').length).toBeGreaterThan(ordersOf(older, 'b').length)
  const other = newHome()
  await playToEnd({ home: other, strategies: [moduleOf(TWO)], feed: new SyntheticFeed({ limit: 300 }) })

  /** A copy of the home, with something done to it. */
  const spoilt = (spoil: (copy: string) => void): string => {
    const copy = join(makeFolder('memory'), 'copy')
    cpSync(home, copy, { recursive: true })
    spoil(copy)
    return copy
  }
  const replace = (copy: string, what: string, from: string): void => {
    rmSync(join(copy, what), { recursive: true })
    cpSync(join(from, what), join(copy, what), { recursive: true })
  }
  /** Gives a strategy's journal another number, in its first frame. */
  const number = (copy: string, id: string, journal: number): void => {
    const directory = join(copy, 'strategies', id)
    const page = join(
      directory,
      readdirSync(directory)
        .filter(name => name.endsWith('.page'))
        .toSorted()[0],
    )
    const bytes = readFileSync(page)
    bytes.writeUInt16LE(journal, Page.HEADER_SIZE + offsetsOf(Home).journal)
    writeFileSync(page, bytes)
  }
  const cases: [string, (copy: string) => void, RegExp][] = [
    [
      // Also what a copy of a live home is: its journals are of different times.
      "the gateway's journal of an older copy",
      copy => replace(copy, 'gateway', older),
      /strategies\/[ab] .*restored from an older copy/,
    ],
    ["the gateway's journal removed", copy => rmSync(join(copy, 'gateway'), { recursive: true }), /strategies\/a/],
    [
      "a strategy's journal of an older copy",
      copy => replace(copy, 'strategies/b', older),
      /strategies\/b .*restored from an older copy/,
    ],
    [
      "a strategy's journal of another home",
      copy => replace(copy, 'strategies/a', other),
      /strategies\/a .*another home/,
    ],
    ["the gateway's journal of another home", copy => replace(copy, 'gateway', other), /strategies\/a .*another home/],
    [
      "two strategies' directories swapped",
      copy => {
        renameSync(join(copy, 'strategies/a'), join(copy, 'x'))
        renameSync(join(copy, 'strategies/b'), join(copy, 'strategies/a'))
        renameSync(join(copy, 'x'), join(copy, 'strategies/b'))
      },
      /strategies\/a .*another strategy or venue of this home/,
    ],
    [
      "two strategies' numbers swapped",
      copy => {
        number(copy, 'a', STRATEGY_JOURNALS + 2)
        number(copy, 'b', STRATEGY_JOURNALS + 1)
      },
      /strategies\/a .*another strategy or venue of this home/,
    ],
  ]
  for (const [what, spoil, message] of cases) {
    const copy = spoilt(spoil)
    const before = contentsOf(copy)
    const refusal = await rejectionOf(
      Gateway.start({ ...QUICK, home: copy, strategies: [moduleOf(TWO)], feed: new SyntheticFeed({ limit: 500 }) }),
    )
    expect(refusal, what).toMatchObject({ code: 'ERR_HOME', message: expect.stringMatching(message) as string })
    // What to do about it.
    expect(refusal.message, what).toMatch(/put back|begin (another home|anew)/i)
    expect(
      [...contentsOf(copy)].filter(([path, bytes]) => before.get(path) !== bytes).map(([path]) => path),
      what,
    ).toEqual([])
  }
  // The home itself goes on.
  expect(await play(400)).toBe(true)
})

test("a strategy's directory that is lost is named: it is not begun anew as if it had never sent anything", async () => {
  const home = newHome()
  const strategies = [moduleOf(TWO)]
  await playToEnd({ home, strategies, feed: new SyntheticFeed({ limit: 100 }) })
  rmSync(join(home, 'strategies', 'b'), { recursive: true })
  const refusal = await rejectionOf(
    Gateway.start({ ...QUICK, home, strategies, feed: new SyntheticFeed({ limit: 200 }) }),
  )
  expect(refusal).toMatchObject({ code: 'ERR_HOME', message: expect.stringMatching(/strategies\/b/) as string })
  expect(existsSync(join(home, 'strategies', 'b'))).toBe(false)
})

test('a home of version 0.1 is refused by name, and nothing in it changes', async () => {
  const home = makeFolder('memory')
  writeFileSync(join(home, 'session.json'), '{"version":1,"members":[]}')
  mkdirSync(join(home, 'gateway'))
  const feed = new SyntheticFeed({ limit: 1 })
  expect(await rejectionOf(Gateway.start({ ...QUICK, home, strategies: [], feed }))).toMatchObject({
    code: 'ERR_HOME',
    message: expect.stringContaining('version 0.1') as string,
    path: home,
  })
  expect(readdirSync(home).toSorted()).toEqual(['gateway', 'session.json'])
})
