import { join } from 'node:path'
import { Reader } from 'ticktape'
import { type MarketEvent, MarketJournal, recordMarket } from 'ticktape/runtime'
import { MarketGap, Trade } from 'ticktape/trading'
import { expect, test } from 'vitest'
import { LiveFeed, type MarketHandlers } from '../../../dist/exchanges/adapter/live-feed.js'
import { makeFolder } from '../../support/folders.ts'

const trade = (tradeId: bigint): MarketEvent => ({
  kind: 'trade',
  timeMs: Date.now(),
  symbol: 'BTC-USDT',
  price: 60_000,
  quantity: 1,
  tradeId,
  side: 'buy',
})

test('what is missing is recorded where it is missing, when it comes with events in one chunk of a socket', async () => {
  let handlers: MarketHandlers | undefined
  const feed = new LiveFeed({
    venue: 'okx',
    title: 'OKX',
    endpoint: 'a test',
    symbols: undefined,
    follow: async (_, given) => {
      handlers = given
      return () => {}
    },
  })
  const problems: string[] = []
  feed.onProblem = ({ message }) => void problems.push(message)
  const directory = join(makeFolder(), 'market')
  const ending = new AbortController()
  const recording = recordMarket(feed, MarketJournal.open(directory), ending.signal)
  await expect.poll(() => handlers).toBeDefined()
  const { onEvent, onGap } = handlers as MarketHandlers
  onEvent(trade(1n))
  onEvent(trade(2n))
  onGap('the connection is lost')
  onGap('the connection is back', 3000)
  onEvent(trade(5n))
  await expect.poll(() => problems.length).toBe(2)
  onGap('a message was left out')
  await expect.poll(() => problems.length).toBe(3)
  ending.abort()
  await recording
  using reader = Reader.open(directory)
  const found: string[] = []
  for (const frame of reader)
    if (frame.is(Trade)) found.push(`trade ${frame.tradeId}`)
    else if (frame.is(MarketGap)) found.push(`${frame.reason} ${(frame.to - frame.from) / 1_000_000_000n}`)
  const of = 'market data of OKX:'
  expect(found).toEqual([
    'trade 1',
    'trade 2',
    `${of} the connection is lost 0`,
    `${of} the connection is back 3`,
    'trade 5',
    `${of} a message was left out 0`,
  ])
})
