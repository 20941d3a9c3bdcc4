import type { Sample } from '../types.js'
import { FAMILIES, type Family, type Point } from './families.js'

/**
 * - prometheus: text format 0.0.4
 * - openmetrics: OpenMetrics 1.0
 *
 * They differ in the name by which a counter is described: with '_total', or without.
 */
export const METRIC_FORMATS = ['prometheus', 'openmetrics'] as const
export type MetricFormat = (typeof METRIC_FORMATS)[number]

export const CONTENT_TYPES: Readonly<Record<MetricFormat, string>> = {
  prometheus: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
}

/** All metrics begin with it. */
export const PREFIX = 'ticktape_'

/** A sample as text for Prometheus. Ends with '# EOF', so that a text that was cut off can be told. */
export function metricsText(sample: Sample, format: MetricFormat): string {
  const lines: string[] = []
  for (const family of FAMILIES) {
    const points = family.points(sample).filter(({ value }) => value !== undefined)
    if (points.length > 0) addFamily(lines, family, points, format)
  }
  return `${lines.join('\n')}\n# EOF\n`
}

function addFamily(lines: string[], family: Family, points: readonly Point[], format: MetricFormat): void {
  const { type, help } = family
  const name = PREFIX + family.name
  const full = type === 'counter' ? `${name}_total` : name
  const described = format === 'openmetrics' ? name : full
  lines.push(`# HELP ${described} ${escapeHelp(help)}`, `# TYPE ${described} ${type}`)
  for (const { labels = {}, value = 0, suffix = '' } of points)
    lines.push(`${full}${suffix}${labelText(labels)} ${numberText(value)}`)
}

function labelText(labels: Readonly<Record<string, string>>): string {
  const texts = Object.entries(labels).map(([name, value]) => `${name}="${escapeLabel(value)}"`)
  return texts.length === 0 ? '' : `{${texts.join(',')}}`
}

/** Names of journals and instruments come from files: a quote or a line break in one must not become another label or line. */
function escapeLabel(value: string): string {
  return value.replace(/[\\"\n]/g, one => (one === '\n' ? '\\n' : `\\${one}`))
}

function escapeHelp(text: string): string {
  return text.replace(/[\\\n]/g, one => (one === '\n' ? '\\n' : '\\\\'))
}

function numberText(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf'
  return String(value)
}
