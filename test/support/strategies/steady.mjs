// Strategies that use everything now and then, without an end: orders that fill, orders that rest and are amended and cancelled, timers,
// random numbers, positions, and a state of their own.
import { defineStrategy } from 'ticktape/runtime'

function steady(n) {
  let trades = 0
  let resting
  return defineStrategy({
    id: `steady-${n}`,
    state: { save: () => ({ trades }), load: saved => (trades = saved.trades) },
    onStart: context => void context.every(250, 'tick'),
    onTrade({ symbol }, context) {
      if (++trades % 40 !== n) return
      const side = context.position(symbol).quantity > 0 || context.random() < 0.4 ? 'sell' : 'buy'
      context.order({ symbol, side, quantity: 0.01 })
    },
    onBook({ symbol, bid, position }, context) {
      if (position % 160 !== n) return
      if (resting === undefined) resting = context.order({ symbol, side: 'buy', quantity: 0.01, price: bid })
      else if (context.random() < 0.5) context.amend(resting, { quantity: 0.02 })
      else {
        context.cancel(resting)
        resting = undefined
      }
    },
    onOrder({ orderId, state }) {
      if (orderId === resting && ['filled', 'denied', 'rejected', 'cancelled'].includes(state)) resting = undefined
    },
    onTimer(_, context) {
      context.openOrders()
    },
  })
}

export default Array.from({ length: 20 }, (_, n) => steady(n))
