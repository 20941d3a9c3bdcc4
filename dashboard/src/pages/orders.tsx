import { useState } from 'preact/hooks'
import { useGet } from '../api.js'
import { Filter } from '../filter.js'
import { Fills, Orders, Panel, Positions, Problem } from '../parts.js'
import { useLive } from '../socket.js'
import type { OrderLine, PositionLine } from '../types.js'

const FINAL = new Set(['filled', 'cancelled', 'rejected', 'denied', 'expired'])

/** Orders, fills and positions, live. */
export function OrdersPage() {
  const [filter, setFilter] = useState('')
  const live = useLive('orders', 'fills')
  const earlier = useGet<{ readonly orders: readonly OrderLine[] }>('orders?all=true&limit=200')
  const positions = useGet<{ readonly positions: readonly PositionLine[] }>('positions', 1000)
  const isShown = (line: object): boolean => filter === '' || JSON.stringify(line).includes(filter)
  // What the socket says is newer.
  const all = new Map((earlier.value?.orders ?? []).map(order => [order.orderId, order]))
  for (const order of live.orders.values()) all.set(order.orderId, order)
  const orders = [...all.values()].filter(isShown).sort((a, b) => b.position - a.position)
  return (
    <>
      <Filter value={filter} onChange={setFilter} />
      <Problem error={earlier.error ?? positions.error} />
      <Panel title="Open orders">
        <Orders orders={orders.filter(({ state }) => !FINAL.has(state))} empty="no open orders" />
      </Panel>
      <Panel title="Positions">
        <Positions positions={(positions.value?.positions ?? []).filter(isShown)} />
      </Panel>
      <Panel title="Fills">
        <Fills fills={live.fills.filter(isShown).slice(-50).reverse()} />
      </Panel>
      <Panel title="Final orders">
        <Orders orders={orders.filter(({ state }) => FINAL.has(state)).slice(0, 100)} empty="none yet" />
      </Panel>
    </>
  )
}
