import { moduleOf } from '../desks.ts'

/** A strategy 'a' that sends an order with every tenth trade; `then` runs before, `farewell` in its `onStop`. */
export function tenth(then: string, farewell = ''): string {
  return moduleOf(`let n = 0
    export default defineStrategy({ id: 'a',
      onTrade(trade, { order }) {
        n++
        ${then}
        if (n % 10 === 0) order({ symbol: trade.symbol, side: trade.side, quantity: 1 })
      },
      onStop({ order }) { ${farewell} } })`)
}
