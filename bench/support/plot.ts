import type { Plot } from './question.js'
import { shortly } from './rounds.js'
import { SHARES } from './statistics.js'

const WIDTH = 860
const HEIGHT = 420
const LEFT = 80
const RIGHT = 250
const TOP = 46
const BOTTOM = 56
/** Distinguishable with any colour vision, on light and dark backgrounds. */
const COLOURS = [
  '#0072b2',
  '#d55e00',
  '#009e73',
  '#cc79a7',
  '#e69f00',
  '#56b4e9',
  '#7f7f7f',
  '#8c564b',
  '#b5bd00',
  '#9467bd',
]

/** A plot as an SVG file, without a library: text, lines and bars. */
export function plotSvg(plot: Plot): string {
  const body =
    plot.kind === 'bars'
      ? bars(plot)
      : lines(
          plot.kind === 'latencies'
            ? { ...plot, x: SHARES.map(share => (share === 1 ? 'max' : `${+(share * 100).toFixed(2)}%`)) }
            : plot,
        )
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12">`,
    `<title>${escape(plot.title)}</title>`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#ffffff"/>`,
    `<text x="${LEFT}" y="24" font-size="15" fill="#222222">${escape(plot.title)}</text>`,
    ...body,
    '</svg>',
    '',
  ].join('\n')
}

/** The vertical coordinate of a value, and the horizontal lines to draw. */
function scale(values: readonly number[], logarithmic: boolean): { y: (value: number) => number; ticks: number[] } {
  const bottom = HEIGHT - BOTTOM
  const height = bottom - TOP
  const positive = values.filter(value => value > 0)
  if (logarithmic) {
    const low = Math.floor(Math.log10(Math.min(...positive)))
    const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(...positive))))
    const ticks = Array.from({ length: high - low + 1 }, (_, i) => 10 ** (low + i))
    return { y: value => bottom - ((Math.log10(Math.max(value, 10 ** low)) - low) / (high - low)) * height, ticks }
  }
  const step = niceStep(Math.max(...values, Number.MIN_VALUE) / 5)
  const count = Math.max(1, Math.ceil(Math.max(...values) / step))
  return {
    y: value => bottom - (value / (count * step)) * height,
    ticks: Array.from({ length: count + 1 }, (_, i) => i * step),
  }
}

function niceStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least))
  return power * ([1, 2, 5, 10].find(factor => factor * power >= least) ?? 10)
}

function axis(ticks: readonly number[], y: (value: number) => number, unit: string): string[] {
  const across = ticks.flatMap(tick => [
    `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y(tick).toFixed(1)}" y2="${y(tick).toFixed(1)}" stroke="#dddddd"/>`,
    `<text x="${LEFT - 8}" y="${(y(tick) + 4).toFixed(1)}" text-anchor="end" fill="#444444">${escape(tick === 0 ? '0' : plainly(tick))}</text>`,
  ])
  return [...across, `<text x="${LEFT}" y="${TOP - 8}" text-anchor="end" fill="#444444">${escape(unit)}</text>`]
}

function plainly(value: number): string {
  return value >= 1 ? value.toLocaleString('en-US') : String(+value.toPrecision(2))
}

function lines({ x, y: unit, logarithmic, ways }: Plot): string[] {
  const { y, ticks } = scale(
    ways.flatMap(({ values }) => values),
    logarithmic,
  )
  const at = (i: number): number => LEFT + 16 + (i * (WIDTH - LEFT - RIGHT - 32)) / Math.max(1, x.length - 1)
  const out = axis(ticks, y, unit)
  x.forEach((label, i) =>
    out.push(
      `<text x="${at(i).toFixed(1)}" y="${HEIGHT - BOTTOM + 20}" text-anchor="middle" fill="#444444">${escape(label)}</text>`,
    ),
  )
  ways.forEach(({ name, values }, way) => {
    const colour = COLOURS[way % COLOURS.length]
    const points = values.map((value, i) => `${at(i).toFixed(1)},${y(value).toFixed(1)}`)
    out.push(`<polyline points="${points.join(' ')}" fill="none" stroke="${colour}" stroke-width="2"/>`)
    for (const point of points)
      out.push(`<circle cx="${point.split(',')[0]}" cy="${point.split(',')[1]}" r="3" fill="${colour}"/>`)
    const legend = TOP + 10 + way * 20
    out.push(`<rect x="${WIDTH - RIGHT + 16}" y="${legend - 9}" width="12" height="12" fill="${colour}"/>`)
    out.push(`<text x="${WIDTH - RIGHT + 34}" y="${legend + 2}" fill="#222222">${escape(name)}</text>`)
  })
  return out
}

function bars({ x, y: unit, logarithmic, ways }: Plot): string[] {
  const [{ values }] = ways
  const left = 200
  const right = 120
  const height = (HEIGHT - TOP - 30) / x.length
  const positive = values.filter(value => value > 0)
  const low = logarithmic ? Math.floor(Math.log10(Math.min(...positive))) : 0
  const high = logarithmic ? Math.log10(Math.max(...positive)) : Math.max(...values)
  const length = (value: number): number =>
    (((logarithmic ? Math.log10(value) : value) - low) / (high - low)) * (WIDTH - left - right)
  return [
    ...x.flatMap((label, i) => {
      const top = TOP + i * height
      const wide = Math.max(2, length(values[i]))
      return [
        `<rect x="${left}" y="${(top + height * 0.15).toFixed(1)}" width="${wide.toFixed(1)}" height="${(height * 0.7).toFixed(1)}" fill="${COLOURS[i === 0 ? 0 : 6]}"/>`,
        `<text x="${left - 8}" y="${(top + height * 0.5 + 4).toFixed(1)}" text-anchor="end" fill="#222222">${escape(label)}</text>`,
        `<text x="${(left + wide + 8).toFixed(1)}" y="${(top + height * 0.5 + 4).toFixed(1)}" fill="#222222">${escape(shortly(values[i]))}</text>`,
      ]
    }),
    `<text x="${left}" y="${HEIGHT - 8}" fill="#444444">${escape(unit)}${logarithmic ? ', on a logarithmic scale' : ''}</text>`,
  ]
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
