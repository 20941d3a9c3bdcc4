import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Gateway, SyntheticFeed } from 'ticktape/runtime'
import { Trade } from 'ticktape/trading'
import { expect, test } from 'vitest'
import { moduleOf, newHome, ordersOf, QUICK, sequenceOf, settled, until } from '../../support/desks.ts'
import { rejectionOf } from '../../support/failures.ts'
import { makeFolder } from '../../support/folders.ts'

const STRATEGY = "export default defineStrategy({ id: 'a', onTrade() {} })"
const STATE = new URL('../../../dist/public/state.js', import.meta.url).href

test("what a module does at its top level does not happen in the gateway's process: a module that never loads is refused", {
  timeout: 90_000,
}, async () => {
  const bad: [string, RegExp][] = [
    ['process.exit(0)', /ended its process.*exit status 0/],
    ['process.exit(7)', /exit status 7/],
    ['process.kill(process.pid, "SIGKILL")', /SIGKILL/],
    ['await new Promise(() => {})', /ended its process|does not end/],
    ['setInterval(() => {}, 1000); await new Promise(() => {})', /was not loaded within .* does not end/],
    [
      "Promise.reject(new Error('nobody waits')); await new Promise(resolve => setTimeout(resolve, 100))",
      /ended its process/,
    ],
    [
      "setTimeout(() => { throw new Error('late') }); await new Promise(resolve => setTimeout(resolve, 500))",
      /ended its process/,
    ],
  ]
  const marker = join(makeFolder(), 'pid')
  await Promise.all(
    bad.map(async ([body, message]) => {
      const file = moduleOf(`import { writeFileSync } from 'node:fs'
        if (process.pid === ${process.pid}) writeFileSync('${marker}', '')
        ${body}
        ${STRATEGY}`)
      const home = newHome()
      const refusal = await rejectionOf(
        Gateway.start({ ...QUICK, home, strategies: [file], feed: new SyntheticFeed({ limit: 1 }) }),
      )
      expect(refusal, body).toMatchObject({
        code: 'ERR_STRATEGY',
        path: file,
        message: expect.stringMatching(message) as string,
      })
      expect(existsSync(home), body).toBe(false)
    }),
  )
  expect(existsSync(marker)).toBe(false)
})

test('state that a module opens at its top level is free for its strategy; one that fails later does not harm the others', {
  timeout: 60_000,
}, async () => {
  const home = newHome()
  const holder = moduleOf(`import { Ring } from '${STATE}'
    const ring = Ring.open('${join(makeFolder('memory'), 'ring')}', { role: 'producer', slots: 4096, whenFull: 'fail' })
    let n = 0
    export default defineStrategy({ id: 'holder', onTrade(trade, { order }) {
      if (++n % 10 === 0) order({ symbol: trade.symbol, side: 'buy', quantity: 1 })
    } })`)
  const failing = moduleOf(`setTimeout(() => { throw new Error('of a timer') }, 300)
    export default defineStrategy({ id: 'failing', onTrade() {} })`)
  const rejecting = moduleOf(`setTimeout(() => { Promise.reject(new Error('of nobody')) }, 300)
    export default defineStrategy({ id: 'rejecting', onTrade() {} })`)
  const problems: string[] = []
  const gateway = await Gateway.start({
    ...QUICK,
    home,
    strategies: [holder, failing, rejecting],
    feed: new SyntheticFeed({ limit: 600 }),
    backOffMs: 60_000,
    onStrategy: (id, event) => {
      if (event.kind === 'ended') problems.push(id)
    },
  })
  await gateway.fed
  await until(() => problems.includes('failing') && problems.includes('rejecting'), 'both end')
  const { position } = gateway.status
  await until(() => (gateway.status.strategies[0].progress?.position ?? 0) >= position, 'the other reads on')
  expect(problems).not.toContain('holder')
  expect(await gateway.stop()).toBe(false)
  const trades = sequenceOf(home, Trade).length
  expect(ordersOf(home, 'holder')).toHaveLength(Math.floor(trades / 10))
})

test('modules are looked at side by side, and a name that two have is refused', async () => {
  const [first, second] = [moduleOf(STRATEGY), moduleOf(STRATEGY)]
  const options = { ...QUICK, home: newHome(), feed: new SyntheticFeed({ limit: 1 }) }
  const refusal = await rejectionOf(Gateway.start({ ...options, strategies: [first, second] }))
  expect(refusal).toMatchObject({ code: 'ERR_STRATEGY', message: expect.stringContaining("a strategy 'a'") as string })
  expect(refusal.message).toContain(first)
  const gateway = await Gateway.start({ ...options, strategies: [first] })
  await gateway.fed
  await settled(gateway)
  expect(await gateway.stop()).toBe(true)
})
