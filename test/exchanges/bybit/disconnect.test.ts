import { expect, test } from 'vitest'
import { eventOf, ready, startFakeBybit, startVenue } from '../../support/fake-bybit.ts'

/** Far below the market, whose price is 60,100: in ticks of 0.1. */
const LOW = 100_000

test('Bybit cancels all orders when the connection is lost for as long as was asked for, and none after an orderly end', {
  timeout: 30_000,
}, async () => {
  const fake = await startFakeBybit()
  const started = await ready(await startVenue(fake, { cancelAllAfter: 3 }))
  const { exchange } = fake.world.orders.linear
  started.venue.submit(started.order(1, 'BTCUSDT', { steps: 100, ticks: LOW }))
  await eventOf(started, 1, 'accepted')
  // The setting has to be there before the connection is lost.
  await new Promise(resolve => setTimeout(resolve, 100))
  await started.venue.close()
  await new Promise(resolve => setTimeout(resolve, 3500))
  expect(exchange.orders.map(({ state }) => state)).toEqual(['open'])

  const again = await ready(await startVenue(fake, { cancelAllAfter: 3 }))
  await new Promise(resolve => setTimeout(resolve, 100))
  // As if the machine was gone.
  fake.server.takesSockets = false
  fake.dropSockets()
  await expect.poll(() => exchange.orders.map(({ state }) => state), { timeout: 8000 }).toEqual(['cancelled'])
  expect(exchange.orders[0]?.reason).toBe('dead-man-switch')
  await again.venue.close()
})
