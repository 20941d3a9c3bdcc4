import { expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { startFakeBybit } from '../../support/fake-bybit.ts'

test('requests that are no requests are refused, and the fake goes on', async () => {
  const fake = await startFakeBybit()
  const category = 'spot'
  const { operations } = fake.world
  for (const argument of [
    {},
    { category },
    { category, symbol: 5, orderLinkId: {} },
    { category, symbol: 'BTCUSDT', side: 'Buy', orderType: 'Limit' },
    { category, symbol: 'BTCUSDT', side: 'Buy', orderType: 'Limit', qty: 'x', price: '-1' },
    { category, symbol: 'BTCUSDT', side: 'Buy', orderType: 'Limit', qty: '1', price: '1', orderLinkId: 'a b' },
  ])
    for (const op of ['order.create', 'order.amend', 'order.cancel', 'order.create-batch', 'order.x'])
      expect(operations.act(op, argument).retCode).toBeGreaterThan(0)
  const socket = new WebSocket(`${fake.endpoint}/v5/private`)
  await new Promise(resolve => socket.addEventListener('open', resolve))
  for (const text of [
    '',
    '{',
    '5',
    '{}',
    '{"op":5}',
    '{"op":"subscribe"}',
    '{"op":"subscribe","args":[5]}',
    '{"op":"order.create"}',
  ])
    socket.send(text)
  const answers: string[] = []
  socket.on('message', data => answers.push((data as Buffer).toString()))
  await expect.poll(() => answers.length).toBe(8)
  expect(answers.every(text => JSON.parse(text).success === false)).toBe(true)
  socket.close()
  const response = await fetch(`${fake.endpoint.replace('ws', 'http')}/v5/order/create`, { method: 'POST', body: '{' })
  expect(await response.json()).toMatchObject({ retCode: 10_003 })
})
