import type { Sample } from '../../ops/types.js'
import { shortDecimal } from '../output/decimals.js'
import { printable } from '../output/failure.js'
import { paint } from '../output/output.js'
import { table } from '../output/table.js'
import { formatBytes, formatNs, grouped } from '../output/units.js'
import { ageText } from './pages.js'

/** What there is to say of one strategy: its process, positions, limits, and the way of orders. */
export function strategyLines({ desk, processes }: Sample, id: string | undefined): string[] {
  const found = processes.find(({ name, kind }) => kind === 'strategy' && name === id)
  if (id === undefined || found === undefined || desk === undefined)
    return ['no strategy is chosen: Tab to the processes, choose one with the arrows, then Enter']
  const { phase, pid, epoch, restarts, cpu, residentBytes, handled, sent, lag, p50, p99, silentMs, stalls } = found
  const memory = residentBytes === undefined ? '-' : formatBytes(residentBytes)
  const orders = desk.orders.open.filter(({ strategy }) => strategy === id)
  const positions = desk.positions.byStrategy.filter(({ owner }) => owner === id)
  const limits = desk.limits.filter(({ owner }) => owner === `strategies/${id}` || owner === 'desk')
  const stalled = ({ count, longestNs }: typeof stalls.gc): string =>
    count === 0 ? '0' : `${count}, longest ${formatNs(longestNs)}`
  return [
    paint('bold', printable(id)),
    `${phase}, pid ${pid}, epoch ${epoch}, started again ${restarts} times, last sign of life ${ageText(silentMs)} ago`,
    `cpu ${cpu === undefined ? '-' : `${(cpu * 100).toFixed(1)}%`}, memory ${memory}, pauses: garbage collection ${stalled(stalls.gc)}; event loop ${stalled(stalls.loop)}`,
    `handled ${grouped(handled)}, sent ${grouped(sent)}, lag ${grouped(lag)}, age of frames 50% ${formatNs(p50)}, 99% ${formatNs(p99)}`,
    `open orders ${orders.length}`,
    '',
    ...(positions.length === 0
      ? ['no positions']
      : table(
          [
            ['position in', 'quantity', 'average', 'realised', 'unrealised', 'in'],
            ...positions.map(one => [
              printable(one.instrument),
              shortDecimal(one.quantity),
              shortDecimal(one.averagePrice),
              shortDecimal(one.realised),
              one.unrealised === undefined ? '-' : shortDecimal(one.unrealised),
              printable(one.currency),
            ]),
          ],
          'lrrrrl',
        )),
    '',
    ...(limits.length === 0
      ? ['no limits']
      : table(
          [
            ['limit', 'of', 'value', 'used', ''],
            ...limits.map(({ owner, limit, value, used, share }) => [
              limit,
              printable(owner),
              String(value),
              used === undefined ? '-' : String(Number(used.toPrecision(6))),
              share === undefined ? '' : `${Math.round(share * 100)}%`,
            ]),
          ],
          'llrrr',
        )),
    '',
    ...table(
      [
        ['orders of the desk', 'count', '50%', '99%', 'longest'],
        ...desk.latency.map(one => [
          one.hop,
          grouped(one.count),
          formatNs(one.p50),
          formatNs(one.p99),
          formatNs(one.longestNs),
        ]),
      ],
      'lrrrr',
    ),
  ]
}
