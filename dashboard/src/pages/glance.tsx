import { useGet } from '../api.js'
import { Chart } from '../chart.js'
import { bytes, count, decimal, duration, money, rate, signOf } from '../format.js'
import { Panel, Problem, Table, Tile } from '../parts.js'
import type { Glance, ProfitPoint } from '../types.js'

interface Profit {
  readonly now: Readonly<Record<string, number>>
  readonly points: readonly ProfitPoint[]
}

/** The desk at a glance. */
export function GlancePage({ hasDesk }: { readonly hasDesk: boolean }) {
  const { value, error } = useGet<Glance>('glance', 1000)
  return (
    <>
      <Problem error={error} />
      {hasDesk && <DeskTiles glance={value} />}
      {hasDesk && <Processes glance={value} />}
      {value !== undefined && <Journals journals={value.journals} />}
      {value?.desk !== undefined && <Limits limits={value.desk.limits} />}
      {value?.desk !== undefined && <Latency hops={value.desk.latency} />}
    </>
  )
}

function DeskTiles({ glance }: { readonly glance: Glance | undefined }) {
  const { value } = useGet<Profit>('profit', 2000)
  const desk = glance?.desk
  const lag = Math.max(0, ...(glance?.processes ?? []).map(one => one.lag))
  const currencies = Object.keys(value?.now ?? {})
  const lines = currencies.map(name => ({ name, values: (value?.points ?? []).map(one => one.profit[name] ?? null) }))
  return (
    <>
      <div class="tiles">
        <Tile
          name="trading"
          value={desk?.trading.state ?? '–'}
          kind={desk?.trading.state === 'active' ? 'up' : 'down'}
        />
        {currencies.map(name => (
          <Tile key={name} name={`P&L, ${name}`} value={money(value?.now[name])} kind={signOf(value?.now[name])} />
        ))}
        <Tile name="open orders" value={desk === undefined ? '–' : count(desk.orders.open)} />
        <Tile name="market events" value={rate(desk?.feed.eventsPerSecond)} />
        <Tile name="frames of the sequence" value={rate(desk?.framesPerSecond)} />
        <Tile name="worst lag, slots" value={count(lag)} />
        <Tile name="space left" value={glance?.space === undefined ? '–' : bytes(glance.space.freeBytes)} />
      </div>
      <Panel title="P&L over time">
        {lines.length === 0 ? (
          <p class="empty">no fills yet</p>
        ) : (
          <Chart
            times={(value?.points ?? []).map(({ time }) => time / 1000)}
            lines={lines}
            onPick={index => {
              location.hash = `#/history/${value?.points[index]?.position ?? 0}`
            }}
          />
        )}
      </Panel>
    </>
  )
}

function Processes({ glance }: { readonly glance: Glance | undefined }) {
  return (
    <Panel title="Processes">
      <Table
        rows={glance?.processes ?? []}
        keyOf={one => one.name}
        empty="no processes"
        classOf={one => (one.alive ? '' : 'down')}
        columns={[
          ['process', one => one.name],
          ['', one => one.kind],
          ['phase', one => (one.alive ? one.phase : `${one.phase}, not alive`)],
          ['pid', one => one.pid || '', 'right'],
          ['restarts', one => one.restarts, 'right'],
          ['handled', one => count(one.handled), 'right'],
          ['sent', one => count(one.sent), 'right'],
          ['lag', one => count(one.lag), 'right'],
          ['p50', one => (one.p50 === 0 ? '' : duration(one.p50)), 'right'],
          ['p99', one => (one.p99 === 0 ? '' : duration(one.p99)), 'right'],
          ['processor', one => (one.cpu === undefined ? '' : `${(100 * one.cpu).toFixed(0)} %`), 'right'],
          ['memory', one => (one.residentBytes === undefined ? '' : bytes(one.residentBytes)), 'right'],
        ]}
      />
    </Panel>
  )
}

function Journals({ journals }: { readonly journals: Glance['journals'] }) {
  return (
    <Panel title="Journals">
      <Table
        rows={journals}
        keyOf={one => one.name}
        empty="no journals"
        columns={[
          ['journal', one => <a href={`#/frames/${encodeURIComponent(one.name)}`}>{one.name}</a>],
          ['writer', one => (one.writer.alive ? `pid ${one.writer.pid ?? ''}` : 'none')],
          ['position', one => count(one.position), 'right'],
          ['slots', one => rate(one.slotsPerSecond), 'right'],
          ['last frame', one => (one.ageMs === undefined ? '' : `${duration(one.ageMs * 1e6)} ago`), 'right'],
          ['pages', one => one.pages, 'right'],
          ['size', one => bytes(one.bytes), 'right'],
          ['readers: lag', one => one.readers.map(reader => `${reader.name}: ${count(reader.lag)}`).join(', ')],
        ]}
      />
    </Panel>
  )
}

function Limits({ limits }: { readonly limits: NonNullable<Glance['desk']>['limits'] }) {
  return (
    <Panel title="Use of risk limits">
      <Table
        rows={limits}
        keyOf={one => `${one.owner} ${one.limit}`}
        empty="there are no limits"
        columns={[
          ['owner', one => one.owner],
          ['limit', one => one.limit],
          ['used', one => decimal(one.used, 4), 'right'],
          ['of', one => decimal(one.value), 'right'],
          [
            '',
            one => (one.share === undefined ? '' : <meter min={0} max={1} high={0.8} value={Math.min(1, one.share)} />),
          ],
        ]}
      />
    </Panel>
  )
}

function Latency({ hops }: { readonly hops: NonNullable<Glance['desk']>['latency'] }) {
  return (
    <Panel title="Latency of orders, hop by hop">
      <Table
        rows={hops}
        keyOf={one => one.hop}
        empty="no orders yet"
        columns={[
          ['hop', one => one.hop],
          ['orders', one => count(one.count), 'right'],
          ['p50', one => duration(one.p50), 'right'],
          ['p99', one => duration(one.p99), 'right'],
          ['longest', one => duration(one.longestNs), 'right'],
        ]}
      />
    </Panel>
  )
}
