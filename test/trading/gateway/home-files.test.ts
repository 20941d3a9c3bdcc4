import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { defineStrategy } from 'ticktape/runtime'
import { TestDesk } from 'ticktape/testing'
import { expect, test } from 'vitest'
import { resetHome } from '../../../dist/trading/gateway/reset.js'
import { VirtualDesk } from '../../../dist/trading/virtual/virtual-desk.js'
import { newHome } from '../../support/desks.ts'

test('instruments.json of a home says what the numbers mean; it is made again when it is lost, and goes with a reset', async () => {
  const home = newHome()
  const file = join(home, 'instruments.json')
  const open = (): Promise<TestDesk> => TestDesk.open({ home, strategies: [defineStrategy({ id: 'a', onTrade() {} })] })
  const symbols = (): string[] =>
    (JSON.parse(readFileSync(file, 'utf8')) as { instruments: { symbol: string }[] }).instruments.map(
      ({ symbol }) => symbol,
    )
  const first = await open()
  expect(existsSync(file)).toBe(false)
  first.quote('BTCUSDT', 100, 101)
  first.quote('ETHUSDT', 10, 11)
  await first.close()
  expect(symbols()).toEqual(['BTCUSDT', 'ETHUSDT'])
  expect(readFileSync(file)).toEqual(readFileSync(join(home, 'gateway', 'instruments.json')))
  rmSync(file)
  const second = await open()
  expect(symbols()).toEqual(['BTCUSDT', 'ETHUSDT'])
  await second.close()
  resetHome(home)
  // Its pages are larger now.
  const origin = 1_800_000_000_000_000_000n
  const third = await VirtualDesk.open({
    home,
    strategies: [defineStrategy({ id: 'a', onTrade() {} })],
    origin,
    seed: 2,
  })
  expect(existsSync(file)).toBe(false)
  third.kill()
})
