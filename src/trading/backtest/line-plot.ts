/** One line over time, as an SVG file: text and lines, without a library. */
export interface LinePlot {
  readonly title: string
  /** What the values are in. */
  readonly unit: string
  /** ms since 1970, in order. */
  readonly timesMs: readonly number[]
  readonly values: readonly number[]
}

const WIDTH = 860
const HEIGHT = 360
const LEFT = 96
const RIGHT = 24
const TOP = 48
const BOTTOM = 48
/** Distinguishable on light and dark backgrounds, with any colour vision. */
const COLOUR = '#0072b2'

export function linePlotSvg({ title, unit, timesMs, values }: LinePlot): string {
  const { low, high, ticks } = scaleOf(values)
  const [first = 0] = timesMs
  const last = timesMs.at(-1) ?? first
  const x = (ms: number): number => LEFT + ((ms - first) / Math.max(1, last - first)) * (WIDTH - LEFT - RIGHT)
  const y = (value: number): number => HEIGHT - BOTTOM - ((value - low) / (high - low)) * (HEIGHT - TOP - BOTTOM)
  const points = values.map((value, i) => `${x(timesMs[i]).toFixed(1)},${y(value).toFixed(1)}`)
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12">`,
    `<title>${escape(title)}</title>`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#ffffff"/>`,
    `<text x="${LEFT}" y="24" font-size="15" fill="#222222">${escape(title)}</text>`,
    `<text x="${LEFT - 8}" y="${TOP - 8}" text-anchor="end" fill="#444444">${escape(unit)}</text>`,
    ...ticks.flatMap(tick => [
      `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y(tick).toFixed(1)}" y2="${y(tick).toFixed(1)}" stroke="${tick === 0 ? '#888888' : '#dddddd'}"/>`,
      `<text x="${LEFT - 8}" y="${(y(tick) + 4).toFixed(1)}" text-anchor="end" fill="#444444">${escape(Number(tick.toPrecision(6)).toLocaleString('en-US', { maximumFractionDigits: 8 }))}</text>`,
    ]),
    ...timesOf(first, last).map(
      (ms, i, all) =>
        `<text x="${x(ms).toFixed(1)}" y="${HEIGHT - BOTTOM + 20}" text-anchor="${i === 0 ? 'start' : i === all.length - 1 ? 'end' : 'middle'}" fill="#444444">${escape(labelOf(ms, last - first))}</text>`,
    ),
    `<polyline points="${points.join(' ')}" fill="none" stroke="${COLOUR}" stroke-width="1.5"/>`,
    '</svg>',
    '',
  ].join('\n')
}

/** From the lowest to the highest value, 0 included, at round numbers. */
function scaleOf(values: readonly number[]): { low: number; high: number; ticks: number[] } {
  let [least, most] = [0, 0]
  for (const value of values) {
    if (value < least) least = value
    if (value > most) most = value
  }
  const span = most - least || 1
  const power = 10 ** Math.floor(Math.log10(span / 5))
  const step = power * ([1, 2, 5, 10].find(factor => factor * power >= span / 5) ?? 10)
  const low = Math.floor(least / step) * step
  const count = Math.max(1, Math.ceil((most - low) / step))
  return { low, high: low + count * step, ticks: Array.from({ length: count + 1 }, (_, i) => low + i * step) }
}

/** Five times, the first and the last among them. */
function timesOf(first: number, last: number): number[] {
  return last > first ? [0, 1, 2, 3, 4].map(i => first + ((last - first) * i) / 4) : [first]
}

/** The day, the minute or the second, as the span of the plot needs. */
function labelOf(ms: number, span: number): string {
  const text = new Date(ms).toISOString()
  if (span > 5 * 86_400_000) return text.slice(0, 10)
  return span > 600_000 ? text.slice(5, 16).replace('T', ' ') : text.slice(11, 19)
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
