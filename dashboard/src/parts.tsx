import type { ComponentChildren } from 'preact'
import type { ApiError } from './api.js'
import { clock, decimal, money, signOf } from './format.js'
import type { FillLine, LogEntry, OrderLine, PositionLine } from './types.js'

/** Parts that several pages have. */

export function Panel({ title, children }: { readonly title: string; readonly children: ComponentChildren }) {
  return (
    <section class="panel">
      <h2>{title}</h2>
      {children}
    </section>
  )
}

export function Problem({ error }: { readonly error: ApiError | undefined }) {
  return error === undefined ? null : (
    <p class="problem" role="alert">
      {error.code}: {error.message}
    </p>
  )
}

export function Tile({
  name,
  value,
  kind = '',
}: {
  readonly name: string
  readonly value: string
  readonly kind?: string
}) {
  return (
    <div class="tile">
      <span>{name}</span>
      <strong class={kind}>{value}</strong>
    </div>
  )
}

interface TableProps<T> {
  readonly rows: readonly T[]
  readonly columns: readonly Column<T>[]
  readonly empty: string
  readonly keyOf: (row: T) => string | number
  readonly classOf?: (row: T) => string
}

/** A column: its heading, what a cell shows, and 'right' for numbers. */
export type Column<T> = readonly [heading: string, cell: (row: T) => ComponentChildren, align?: 'right']

export function Table<T>({ rows, columns, empty, keyOf, classOf }: TableProps<T>) {
  if (rows.length === 0) return <p class="empty">{empty}</p>
  return (
    <div class="scroll">
      <table>
        <thead>
          <tr>
            {columns.map(([heading, , align]) => (
              <th key={heading} class={align}>
                {heading}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(row => (
            <tr key={keyOf(row)} class={classOf?.(row)}>
              {columns.map(([heading, cell, align]) => (
                <td key={heading} class={align}>
                  {cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

const SIDE: Readonly<Record<string, string>> = { buy: 'up', sell: 'down' }
const BAD_STATES = new Set(['denied', 'rejected', 'unknown'])

export function Orders({ orders, empty }: { readonly orders: readonly OrderLine[]; readonly empty: string }) {
  return (
    <Table
      rows={orders}
      keyOf={order => order.orderId}
      empty={empty}
      columns={[
        ['order', order => <a href={`#/order/${order.orderId}`}>{order.orderId}</a>],
        ['strategy', order => order.strategy],
        ['instrument', order => order.instrument],
        ['side', order => <span class={SIDE[order.side]}>{order.side}</span>],
        ['quantity', order => decimal(order.quantity), 'right'],
        ['terms', order => termsOf(order)],
        ['filled', order => filledOf(order), 'right'],
        ['state', order => <span class={BAD_STATES.has(order.state) ? 'down' : ''}>{stateOf(order)}</span>],
        ['changed (UTC)', order => clock(order.changedAt), 'right'],
      ]}
    />
  )
}

export function Fills({ fills }: { readonly fills: readonly FillLine[] }) {
  return (
    <Table
      rows={fills}
      keyOf={fill => fill.position}
      empty="no fills"
      columns={[
        ['time (UTC)', fill => clock(fill.time)],
        ['order', fill => <a href={`#/order/${fill.orderId}`}>{fill.orderId}</a>],
        ['strategy', fill => fill.strategy],
        ['instrument', fill => fill.instrument],
        ['side', fill => <span class={SIDE[fill.side]}>{fill.side}</span>],
        ['quantity', fill => decimal(fill.quantity), 'right'],
        ['price', fill => decimal(fill.price), 'right'],
        ['', fill => fill.liquidity],
        ['fee', fill => `${decimal(fill.fee)} ${fill.feeCurrency}`, 'right'],
      ]}
    />
  )
}

export function Positions({ positions }: { readonly positions: readonly PositionLine[] }) {
  return (
    <Table
      rows={positions}
      keyOf={line => `${line.owner} ${line.instrument}`}
      empty="no positions"
      columns={[
        ['owner', line => line.owner],
        ['instrument', line => line.instrument],
        ['quantity', line => <span class={signOf(line.quantity)}>{decimal(line.quantity)}</span>, 'right'],
        ['average', line => decimal(line.averagePrice, 4), 'right'],
        ['price', line => decimal(line.price, 4), 'right'],
        ['realised', line => <span class={signOf(line.realised)}>{money(line.realised)}</span>, 'right'],
        ['unrealised', line => <span class={signOf(line.unrealised)}>{money(line.unrealised)}</span>, 'right'],
        ['', line => line.currency],
      ]}
    />
  )
}

export function Log({ entries }: { readonly entries: readonly LogEntry[] }) {
  return (
    <Table
      rows={entries}
      keyOf={entry => entry.position}
      empty="nothing happened"
      columns={[
        ['time (UTC)', entry => clock(entry.time)],
        ['position', entry => <a href={`#/history/${entry.position}`}>{entry.position}</a>, 'right'],
        ['what', entry => entry.type],
        ['', entry => entry.text],
      ]}
    />
  )
}

function termsOf({ orderType = 'limit', price, stopPrice, timeInForce = '' }: OrderLine): string {
  const prices = [price, stopPrice].filter(one => one !== 0).map(one => decimal(one))
  return [orderType, ...prices, timeInForce].join(' ')
}

function filledOf({ filledQuantity, averagePrice }: OrderLine): string {
  return filledQuantity === 0 ? '' : `${decimal(filledQuantity)} at ${decimal(averagePrice, 4)}`
}

function stateOf({ state, reason, pendingCancel, pendingAmend }: OrderLine): string {
  const waiting = `${pendingCancel ? ', cancel pending' : ''}${pendingAmend ? ', amend pending' : ''}`
  return `${state}${reason === 'none' ? '' : `: ${reason}`}${waiting}`
}
