import { parse, View } from 'vega'
import { compile, type TopLevelSpec } from 'vega-lite'
import type { Panel, Plot } from './question.js'

/** Distinguishable with any colour vision, on light and dark backgrounds. The first is ours. */
const COLOURS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9']

const GREY = '#444444'

/** How every plot looks. `labelLimit: 0`: no label is cut off. */
const CONFIG = {
  background: '#ffffff',
  font: 'sans-serif',
  padding: 12,
  title: { anchor: 'start', fontSize: 15, fontWeight: 'normal', offset: 12 },
  axis: {
    labelLimit: 0,
    labelFontSize: 12,
    labelColor: GREY,
    titleFontSize: 12,
    titleFontWeight: 'normal',
    titleColor: GREY,
    gridColor: '#e5e5e5',
    domainColor: '#999999',
  },
  header: { title: null, labelAnchor: 'start', labelFontSize: 13, labelLimit: 0 },
  legend: { title: null, orient: 'top', labelLimit: 0, labelFontSize: 12 },
  view: { stroke: null },
} as const

/** A plot as an SVG file: the figures as a Vega-Lite specification, rendered without a browser. */
export async function plotSvg(plot: Plot): Promise<string> {
  // The types of a specification are stricter than the specification: fields that do not apply are left undefined here.
  const view = new View(parse(compile(specification(plot) as unknown as TopLevelSpec).spec), { renderer: 'none' })
  try {
    return `${await view.toSVG()}\n`
  } finally {
    view.finalize()
  }
}

function specification(plot: Plot): object {
  const { title, panels } = plot
  const values = panels.flatMap(panel => rows(plot, panel))
  const inner = plot.kind === 'bars' ? bars(plot) : lines(plot)
  const shared = { config: CONFIG, title, data: { values } }
  if (panels.length === 1) return { ...shared, ...inner }
  // Side by side, with the same scale: what is seen in one panel can be compared with the next.
  const facet = { field: 'panel', type: 'nominal', sort: panels.map(panel => panel.title), title: null }
  return { ...shared, facet, columns: 2, spec: inner }
}

function rows({ x }: Plot, { title, ways }: Panel): object[] {
  return ways.flatMap(({ name, values }) => values.map((value, i) => ({ panel: title, way: name, x: x[i], value })))
}

function colour(ways: readonly string[]): object {
  return {
    field: 'way',
    type: 'nominal',
    sort: null,
    scale: { domain: ways, range: COLOURS },
    ...(ways.length === 1 ? { legend: null } : {}),
  }
}

const waysOf = ({ panels }: Plot): string[] => [...new Set(panels.flatMap(({ ways }) => ways.map(({ name }) => name)))]

/** A line a way, over an axis of labels. */
function lines(plot: Plot): object {
  const { y, logarithmic, panels } = plot
  return {
    width: panels.length > 1 ? 320 : 480,
    height: 220,
    mark: { type: 'line', point: true, strokeWidth: 2 },
    encoding: {
      x: { field: 'x', type: 'ordinal', sort: null, title: null, axis: { labelAngle: 0 } },
      y: {
        field: 'value',
        type: 'quantitative',
        title: y,
        scale: logarithmic ? { type: 'log' } : { zero: true },
        axis: { tickCount: 5, format: '~s' },
      },
      color: colour(waysOf(plot)),
    },
  }
}

/** A bar a way beside each label, with its value. On a logarithmic scale, where a length means nothing, points. */
function bars(plot: Plot): object {
  const { y, logarithmic } = plot
  const ways = waysOf(plot)
  return {
    width: 460,
    height: { step: ways.length > 1 ? 16 : 24 },
    encoding: {
      y: { field: 'x', type: 'nominal', sort: null, title: null },
      ...(ways.length > 1 ? { yOffset: { field: 'way', sort: null, scale: { domain: ways } } } : {}),
      x: {
        field: 'value',
        type: 'quantitative',
        title: y,
        scale: logarithmic ? { type: 'log' } : { zero: true },
        axis: { tickCount: 6, format: '~s' },
      },
    },
    layer: [
      {
        mark: logarithmic ? { type: 'point', filled: true, size: 70, opacity: 1 } : { type: 'bar' },
        encoding: { color: colour(ways) },
      },
      {
        mark: { type: 'text', align: 'left', dx: logarithmic ? 9 : 4, fontSize: 11, color: GREY },
        encoding: { text: { field: 'value', format: '.3~r' } },
      },
    ],
  }
}
