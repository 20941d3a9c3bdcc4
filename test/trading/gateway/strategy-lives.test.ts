import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Gateway, SyntheticFeed } from 'ticktape/runtime'
import { Trade } from 'ticktape/trading'
import { describe, expect, test } from 'vitest'
import { moduleOf, newHome, notesOf, ordersOf, QUICK, sequenceOf } from '../../support/desks.ts'
import { makeFolder } from '../../support/folders.ts'

describe('while a gateway runs', () => {
  test('a strategy that does not stop is killed and reported', async () => {
    const stuck = moduleOf("export default defineStrategy({ id: 'a', onTrade() { for (;;); } })")
    const gateway = await Gateway.start({
      home: newHome(),
      strategies: [stuck],
      feed: new SyntheticFeed({ limit: 100 }),
      ...QUICK,
      stopMs: 200,
    })
    await gateway.fed
    const { pid } = gateway.status.strategies[0]
    expect(await gateway.stop()).toBe(false)
    expect(() => process.kill(pid as number, 0)).toThrow('ESRCH')
  })

  test('a strategy that is stopped while it starts handles all frames written so far before it ends', async () => {
    const marker = join(makeFolder(), 'failed')
    const failsOnce = moduleOf(`import { existsSync, writeFileSync } from 'node:fs'
      import { setTimeout as sleep } from 'node:timers/promises'
      if (existsSync('${marker}')) await sleep(500)
      let trades = 0
      export default defineStrategy({ id: 'a',
        onTrade(trade, { order }) {
          order({ symbol: trade.symbol, side: 'buy', quantity: 1, clientOrderId: 't' + trade.tradeId })
          if (++trades === 3 && !existsSync('${marker}')) { writeFileSync('${marker}', ''); throw new Error('once') }
        },
        onStop({ order }) { order({ symbol: 'BTCUSDT', side: 'buy', quantity: 1, clientOrderId: 'end' }) } })`)
    const home = newHome()
    const started: (() => void)[] = []
    const again = new Promise<void>(resolve => started.push(() => {}, resolve))
    const gateway = await Gateway.start({
      home,
      strategies: [failsOnce],
      feed: new SyntheticFeed({ limit: 200 }),
      ...QUICK,
      durability: 'process',
      backOffMs: 1,
      onStrategy: (_, event) => (event.kind === 'started' ? started.shift()?.() : undefined),
    })
    await Promise.all([gateway.fed, again])
    expect(await gateway.stop()).toBe(true)
    const trades = sequenceOf(home, Trade).map(({ position }) => position)
    expect(trades.length).toBeGreaterThan(20)
    expect(ordersOf(home).map(order => order.cause)).toEqual([...trades, expect.any(Number)])
    expect(notesOf(home).at(-1)).toBe('end')
  })

  test('a strategy that was stopped by another process reports it: its gateway does not count it as finished', async () => {
    const ended: string[] = []
    const idle = moduleOf("export default defineStrategy({ id: 'a', onTrade() {} })")
    const gateway = await Gateway.start({
      home: newHome(),
      strategies: [idle],
      feed: new SyntheticFeed({ limit: 10 }),
      ...QUICK,
      backOffMs: 60_000,
      onStrategy: (_, event) => (event.kind === 'ended' ? ended.push(event.how) : undefined),
    })
    await gateway.fed
    const { pid } = gateway.status.strategies[0]
    if (pid === undefined) throw new Error('the strategy does not run')
    process.kill(pid, 'SIGTERM')
    await expect.poll(() => ended, { timeout: 10_000 }).toEqual(['exit status 143'])
    expect(await gateway.stop()).toBe(false)
  })

  test('a strategy that cannot start is restarted with a growing back-off, and does not delay the others', async () => {
    const events: { kind: string; restartInMs?: number | undefined }[] = []
    const marker = join(makeFolder(), 'loaded')
    const broken = moduleOf(`import { existsSync, writeFileSync } from 'node:fs'
      if (existsSync('${marker}')) throw new Error('only once')
      writeFileSync('${marker}', '')
      export default defineStrategy({ id: 'a', onTrade() {} })`)
    const gateway = await Gateway.start({
      home: newHome(),
      strategies: [broken],
      feed: new SyntheticFeed({ limit: 100 }),
      ...QUICK,
      backOffMs: 10,
      onStrategy: (_, event) => events.push(event),
    })
    await gateway.fed
    while (events.filter(event => event.kind === 'ended').length < 3) await sleep(20)
    expect(await gateway.stop()).toBe(false)
    expect(
      events
        .filter(event => event.kind === 'ended')
        .slice(0, 3)
        .map(event => event.restartInMs),
    ).toEqual([10, 20, 40])
    expect(events.find(event => event.kind === 'failed')).toMatchObject({
      message: expect.stringContaining('only once') as string,
    })
    expect(gateway.status.events).toBe(100)
  })

  test('a feed that fails rejects `fed` and `stop`, and leaves no process', async () => {
    const broken = {
      async *events() {
        yield [{ kind: 'trade', timeMs: 0, symbol: 'A', price: 1, quantity: 1, tradeId: 1n, side: 'buy' }] as const
        throw new Error('the line is dead')
      },
    }
    const gateway = await Gateway.start({
      home: newHome(),
      strategies: [moduleOf("export default defineStrategy({ id: 'a', onTrade() {} })")],
      feed: broken,
      ...QUICK,
    })
    await expect(gateway.fed).rejects.toThrow('the line is dead')
    const { pid } = gateway.status.strategies[0]
    await expect(gateway.stop()).rejects.toThrow('the line is dead')
    expect(() => process.kill(pid as number, 0)).toThrow('ESRCH')
  })
})
