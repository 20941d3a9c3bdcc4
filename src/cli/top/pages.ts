import type { JournalSample, ProcessSample, Sample } from '../../ops/types.js'
import type { OrderLine } from '../../trading/inspect/orders.js'
import { printable } from '../output/failure.js'
import { paint } from '../output/output.js'
import { formatBytes, formatNs, grouped } from '../output/units.js'
import type { Column } from './columns.js'
import type { History } from './history.js'

/** ms as '3.2 s'; '-' for no time. */
export function ageText(ms: number | undefined): string {
  return ms === undefined ? '-' : ms < 1 ? '0 ms' : formatNs(Math.round(ms * 1e6))
}

export function rateText(rate: number | undefined): string {
  return rate === undefined ? '-' : grouped(Math.round(rate))
}

export function journalColumns(history: History): Column<JournalSample>[] {
  return [
    { title: 'journal', align: 'l', text: ({ name }) => printable(name), by: ({ name }) => name },
    {
      title: 'writer',
      align: 'l',
      text: ({ writer }) => (writer.alive ? 'yes' : paint('yellow', 'none')),
      by: ({ writer }) => Number(writer.alive),
    },
    { title: 'slots/s', align: 'r', text: one => rateText(one.slotsPerSecond), by: one => one.slotsPerSecond ?? 0 },
    { title: '', align: 'l', text: ({ name }) => history.sparkline(name) },
    { title: 'age', align: 'r', text: one => ageText(one.ageMs), by: one => one.ageMs ?? Number.POSITIVE_INFINITY },
    { title: 'max lag', align: 'r', text: one => grouped(lagOf(one)), by: lagOf },
    {
      title: 'not dur.',
      align: 'r',
      text: one => (one.durable === undefined ? '-' : grouped(undurable(one))),
      by: undurable,
    },
    { title: 'pages', align: 'r', text: ({ pages }) => grouped(pages), by: ({ pages }) => pages },
    { title: 'size', align: 'r', text: ({ bytes }) => formatBytes(bytes), by: ({ bytes }) => bytes },
    {
      title: 'waits',
      align: 'r',
      text: ({ rollsWaited }) => String(rollsWaited),
      by: ({ rollsWaited }) => rollsWaited,
    },
  ]
}

export const PROCESS_COLUMNS: readonly Column<ProcessSample>[] = [
  { title: 'process', align: 'l', text: ({ name }) => printable(name), by: ({ name }) => name },
  {
    title: 'phase',
    align: 'l',
    text: ({ phase, alive }) => (alive ? phase : paint('red', phase)),
    by: ({ phase }) => phase,
  },
  { title: 'pid', align: 'r', text: ({ pid }) => (pid === 0 ? '-' : String(pid)), by: ({ pid }) => pid },
  {
    title: 'cpu',
    align: 'r',
    text: ({ cpu }) => (cpu === undefined ? '-' : `${(cpu * 100).toFixed(1)}%`),
    by: ({ cpu }) => cpu ?? 0,
  },
  {
    title: 'memory',
    align: 'r',
    text: ({ residentBytes }) => (residentBytes === undefined ? '-' : formatBytes(residentBytes)),
    by: ({ residentBytes }) => residentBytes ?? 0,
  },
  { title: 'lag', align: 'r', text: one => (one.hasHeartbeat ? grouped(one.lag) : '-'), by: ({ lag }) => lag },
  { title: 'age 99%', align: 'r', text: one => (one.hasHeartbeat ? formatNs(one.p99) : '-'), by: ({ p99 }) => p99 },
  { title: 'silent', align: 'r', text: one => ageText(one.silentMs), by: one => one.silentMs ?? 0 },
  {
    title: 'pauses',
    align: 'r',
    text: ({ stalls: { gc, loop } }) =>
      gc.count + loop.count === 0
        ? '-'
        : `${gc.count + loop.count}, ${formatNs(Math.max(gc.longestNs, loop.longestNs))}`,
    by: ({ stalls: { gc, loop } }) => gc.totalNs + loop.totalNs,
  },
  { title: 'starts', align: 'r', text: ({ restarts }) => String(restarts), by: ({ restarts }) => restarts },
]

export const ORDER_COLUMNS: readonly Column<OrderLine>[] = [
  { title: 'state', align: 'l', text: stateText, by: ({ state }) => state },
  { title: 'strategy', align: 'l', text: ({ strategy }) => printable(strategy), by: ({ strategy }) => strategy },
  {
    title: 'instrument',
    align: 'l',
    text: ({ instrument }) => printable(instrument),
    by: ({ instrument }) => instrument,
  },
  { title: 'side', align: 'l', text: ({ side }) => side, by: ({ side }) => side },
  { title: 'quantity', align: 'r', text: ({ quantity }) => String(quantity), by: ({ quantity }) => quantity },
  {
    title: 'price',
    align: 'r',
    text: ({ price }) => (price === 0 ? 'market' : String(price)),
    by: ({ price }) => price,
  },
  { title: 'filled', align: 'r', text: one => String(one.filledQuantity), by: one => one.filledQuantity },
  {
    title: 'changed',
    align: 'r',
    text: ({ changedAt }) => clockText(changedAt),
    by: ({ changedAt }) => Number(changedAt),
  },
  { title: 'order', align: 'r', text: ({ orderId }) => String(orderId), by: ({ orderId }) => Number(orderId) },
]

/** Open orders first, then the last final ones. */
export function ordersIn({ desk }: Sample): readonly OrderLine[] {
  return desk === undefined ? [] : [...desk.orders.open, ...desk.orders.last.toReversed()]
}

/** '19:20:01' in UTC. */
export function clockText(time: bigint): string {
  return time === 0n ? '-' : new Date(Number(time / 1_000_000n)).toISOString().slice(11, 19)
}

function stateText({ state, reason }: OrderLine): string {
  if (state === 'unknown') return paint('yellow', state)
  return state === 'denied' || state === 'rejected' ? paint('red', `${state} ${reason}`) : state
}

function lagOf({ readers }: JournalSample): number {
  return Math.max(0, ...readers.map(({ lag }) => lag))
}

function undurable({ durable, position }: JournalSample): number {
  return durable === undefined ? 0 : position - durable
}
