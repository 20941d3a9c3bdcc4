import { useEffect, useRef, useState } from 'preact/hooks'
import { ApiError, get, useGet } from '../api.js'
import { count, dateTime, decimal, money, signOf } from '../format.js'
import { Fills, Log, Orders, Panel, Positions, Problem, Table, Tile } from '../parts.js'
import type { Moment } from '../types.js'

interface Timeline {
  readonly points: readonly { readonly position: number; readonly time: string }[]
}

/** The desk at any moment of its history: the server answers from the nearest snapshot, so nothing else is loaded. */
export function HistoryPage({ start }: { readonly start: string }) {
  const timeline = useGet<Timeline>('timeline', 10_000)
  const points = timeline.value?.points ?? []
  const first = points[0]?.position ?? 0
  const last = points.at(-1)?.position ?? 0
  const [chosen, setChosen] = useState<number | undefined>(/^\d+$/.test(start) ? Number(start) : undefined)
  const position = chosen ?? last
  const { moment, error, isReading } = useMoment(points.length === 0 ? undefined : position)
  const step = (slots: number): void => setChosen(Math.max(first, Math.min(last, position + slots)))
  return (
    <>
      <Problem error={timeline.error ?? error} />
      <Panel title="History">
        <div class="slider">
          <button type="button" onClick={() => step(-Math.ceil((last - first) / 100))} title="back by 1 %">
            «
          </button>
          <button type="button" onClick={() => step(-1)} title="back by one slot">
            ‹
          </button>
          <input
            type="range"
            aria-label="position in the history"
            min={first}
            max={last}
            step={1}
            value={position}
            onInput={event => setChosen(Number(event.currentTarget.value))}
          />
          <button type="button" onClick={() => step(1)} title="on by one slot">
            ›
          </button>
          <button type="button" onClick={() => step(Math.ceil((last - first) / 100))} title="on by 1 %">
            »
          </button>
        </div>
        <p class="moment" data-position={moment?.position}>
          position {count(position)} of {count(first)} to {count(last)}
          {moment === undefined ? '' : `, ${dateTime(moment.time)} UTC`}
          {isReading ? ' …' : ''}
        </p>
      </Panel>
      {moment !== undefined && <Shown moment={moment} />}
    </>
  )
}

function Shown({ moment }: { readonly moment: Moment }) {
  return (
    <>
      <div class="tiles">
        {Object.entries(moment.profit).map(([name, value]) => (
          <Tile key={name} name={`P&L, ${name}`} value={money(value)} kind={signOf(value)} />
        ))}
        <Tile name="open orders" value={count(moment.orders.length)} />
      </div>
      <Panel title="Positions then">
        <Positions positions={moment.positions} />
      </Panel>
      <Panel title="Open orders then">
        <Orders orders={moment.orders} empty="no open orders" />
      </Panel>
      <Panel title="Books then">
        <Table
          rows={moment.market}
          keyOf={value => value.symbol}
          empty="no quotes yet"
          columns={[
            ['instrument', value => value.symbol],
            ['bid size', value => decimal(value.bidSize), 'right'],
            ['bid', value => <span class="up">{decimal(value.bid)}</span>, 'right'],
            ['ask', value => <span class="down">{decimal(value.ask)}</span>, 'right'],
            ['ask size', value => decimal(value.askSize), 'right'],
            ['last', value => decimal(value.last), 'right'],
          ]}
        />
      </Panel>
      <Panel title="Last fills before">
        <Fills fills={moment.fills.slice(-10).reverse()} />
      </Panel>
      <Panel title="What happened last before">
        <Log entries={moment.log.slice(-10).reverse()} />
      </Panel>
    </>
  )
}

interface Read {
  readonly moment: Moment | undefined
  readonly error: ApiError | undefined
  readonly isReading: boolean
}

/** The moment at a position. While the slider moves, one request is under way, and the last position that was wanted is next. */
function useMoment(position: number | undefined): Read {
  const [read, setRead] = useState<Read>({ moment: undefined, error: undefined, isReading: false })
  const wanted = useRef<number | undefined>(undefined)
  const isRunning = useRef(false)
  useEffect(() => {
    wanted.current = position
    const run = async (): Promise<void> => {
      isRunning.current = true
      while (wanted.current !== undefined) {
        const next = wanted.current
        wanted.current = undefined
        setRead(before => ({ ...before, isReading: true }))
        try {
          const moment = await get<Moment>(`state?position=${next}`)
          setRead({ moment, error: undefined, isReading: false })
        } catch (error) {
          const shown = error instanceof ApiError ? error : new ApiError(0, 'ERR', String(error))
          setRead(before => ({ ...before, error: shown, isReading: false }))
        }
      }
      isRunning.current = false
    }
    if (!isRunning.current) void run()
  }, [position])
  return read
}
