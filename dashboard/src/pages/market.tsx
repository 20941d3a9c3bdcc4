import { useEffect, useState } from 'preact/hooks'
import { Chart } from '../chart.js'
import { clock, decimal, msOf } from '../format.js'
import { Panel, Table } from '../parts.js'
import { useLive } from '../socket.js'
import type { MarketValue } from '../types.js'

/** Points of a chart that is drawn from what came since the page was opened. */
const MOST = 600

/** Market data, live; and the book of one instrument. */
export function MarketPage({ symbol }: { readonly symbol: string }) {
  const { market } = useLive('market')
  const values = [...market.values()].sort((a, b) => (a.symbol < b.symbol ? -1 : 1))
  const chosen = values.find(value => value.symbol === symbol) ?? values[0]
  return (
    <>
      <Panel title="Market">
        <Table
          rows={values}
          keyOf={value => value.symbol}
          empty="no market data yet"
          classOf={value => (value === chosen ? 'chosen' : '')}
          columns={[
            ['instrument', value => <a href={`#/market/${encodeURIComponent(value.symbol)}`}>{value.symbol}</a>],
            ['bid size', value => decimal(value.bidSize), 'right'],
            ['bid', value => <span class="up">{decimal(value.bid)}</span>, 'right'],
            ['ask', value => <span class="down">{decimal(value.ask)}</span>, 'right'],
            ['ask size', value => decimal(value.askSize), 'right'],
            ['last', value => decimal(value.last), 'right'],
            ['quantity', value => decimal(value.lastQuantity), 'right'],
            ['time (UTC)', value => clock(value.time), 'right'],
          ]}
        />
      </Panel>
      {chosen?.bid !== undefined && <Book key={chosen.symbol} value={chosen} />}
    </>
  )
}

interface History {
  readonly times: number[]
  readonly middles: number[]
  readonly trades: number[]
}

/** The best prices of one instrument, and their course since the page was opened. */
function Book({ value }: { readonly value: MarketValue }) {
  const [history, setHistory] = useState<History>({ times: [], middles: [], trades: [] })
  const { bid, ask, bidSize, askSize, last, time, position } = value
  useEffect(() => {
    if (time === '0') return
    const seconds = msOf(time) / 1000
    setHistory(({ times, middles, trades }) => {
      if (seconds <= (times.at(-1) ?? 0)) return { times, middles, trades }
      return {
        times: [...times, seconds].slice(-MOST),
        middles: [...middles, (bid + ask) / 2].slice(-MOST),
        trades: [...trades, last].slice(-MOST),
      }
    })
  }, [position])
  const most = Math.max(bidSize, askSize, Number.MIN_VALUE)
  return (
    <Panel title={`Book of ${value.symbol}`}>
      <div class="book">
        <div>
          <meter class="bid" min={0} max={most} value={bidSize} />
          <span>{decimal(bidSize)}</span>
          <strong class="up">{decimal(bid)}</strong>
        </div>
        <div>
          <strong class="down">{decimal(ask)}</strong>
          <span>{decimal(askSize)}</span>
          <meter class="ask" min={0} max={most} value={askSize} />
        </div>
        <div>spread {decimal(ask - bid)}</div>
      </div>
      <Chart
        times={history.times}
        lines={[
          { name: 'middle', values: history.middles },
          { name: 'last trade', values: history.trades.map(price => (price === 0 ? null : price)) },
        ]}
      />
    </Panel>
  )
}
