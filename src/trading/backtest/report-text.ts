import type { Amounts, BacktestReport } from './report.js'

/** Made at first use: it loads the data of a language, which takes ms that no other process should pay. */
let digits: Intl.NumberFormat | undefined

/** A report as lines for people. */
export function reportText(report: BacktestReport): string {
  const { events, fromMs, toMs, currencies, instruments, strategies, openOrders, turnover, home } = report
  const lines = [
    `${whole(events)} market events from ${timeText(fromMs)} to ${timeText(toMs)} (${spanText(toMs - fromMs)}), in ${(report.wallMs / 1000).toFixed(1)} s: ${whole(report.eventsPerSecond)} events a second`,
    '',
  ]
  if (currencies.length === 0) lines.push('nothing was filled', '')
  else {
    lines.push(
      ...table(
        ['currency', 'profit', 'fees', 'largest drawdown', 'from', 'to', 'Sharpe'],
        currencies.map(({ currency, profit, fees, maxDrawdown: { amount, fromMs: from, toMs: to }, sharpe }) => [
          currency,
          number(profit),
          number(fees),
          number(amount),
          amount === 0 ? '' : timeText(from),
          amount === 0 ? '' : timeText(to),
          sharpe === null ? 'none' : sharpe.value.toFixed(2),
        ]),
      ),
      ...currencies.flatMap(({ currency, sharpe }) =>
        sharpe === null ? [] : [`Sharpe of ${currency}: ${sharpe.definition}`],
      ),
      `turnover: ${amountsText(turnover)}`,
      '',
      ...table(
        ['instrument', 'fills', 'bought', 'sold', 'position', 'at', 'turnover', 'fees', 'profit before fees'],
        instruments.map(one => [
          one.instrument,
          whole(one.fills),
          number(one.bought),
          number(one.sold),
          number(one.position),
          number(one.lastPrice),
          `${number(one.turnover)} ${one.quoteCurrency}`,
          amountsText(one.fees),
          `${number(one.profit)} ${one.currency}`,
        ]),
      ),
      '',
    )
  }
  lines.push(
    ...table(
      ['strategy', 'orders', 'fills', 'cancels', 'amends', 'denied', 'rejected', 'profit less fees'],
      strategies.map(one => [
        one.strategy,
        whole(one.sent),
        whole(one.fills),
        whole(one.cancels),
        whole(one.amends),
        countsText(one.denied),
        countsText(one.rejected),
        amountsText(one.profit),
      ]),
    ),
  )
  if (openOrders > 0) lines.push(`${whole(openOrders)} orders are open at the end`)
  if (home !== null) lines.push(`journals: ${home}`)
  return `${lines.join('\n')}\n`
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map(row => row[i].length)))
  return [head, ...rows].map(row =>
    row
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i])))
      .join('  ')
      .trimEnd(),
  )
}

function number(value: number): string {
  digits ??= new Intl.NumberFormat('en-US', { maximumFractionDigits: 8, useGrouping: true })
  return digits.format(value)
}

function whole(value: number): string {
  return value.toLocaleString('en-US')
}

function amountsText(amounts: Amounts): string {
  const all = Object.entries(amounts)
  return all.length === 0 ? '0' : all.map(([currency, amount]) => `${number(amount)} ${currency}`).join(', ')
}

/** '3 (price-band 2, halted 1)'. */
function countsText(counts: Readonly<Partial<Record<string, number>>>): string {
  const all = Object.entries(counts).map(([reason, count = 0]) => ({ reason, count }))
  const sum = all.reduce((total, { count }) => total + count, 0)
  return sum === 0 ? '0' : `${whole(sum)} (${all.map(({ reason, count }) => `${reason} ${whole(count)}`).join(', ')})`
}

function timeText(ms: number): string {
  const date = new Date(ms)
  return Number.isNaN(date.getTime()) ? `${ms} ms` : date.toISOString().replace('T', ' ').replace('Z', '')
}

function spanText(ms: number): string {
  const seconds = ms / 1000
  if (seconds < 120) return `${seconds.toFixed(1)} s`
  if (seconds < 2 * 3600) return `${(seconds / 60).toFixed(1)} minutes`
  return seconds < 2 * 86_400 ? `${(seconds / 3600).toFixed(1)} hours` : `${(seconds / 86_400).toFixed(1)} days`
}
