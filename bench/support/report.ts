import type { Answer, Comparison, Latencies, Plot, Question, Target } from './question.js'
import { ratio, shortly } from './rounds.js'
import { median, SHARES } from './statistics.js'

/** The results of one run. */
export interface Report {
  readonly machine: readonly (readonly [string, string])[]
  readonly quick: boolean
  readonly rounds: number
  readonly seconds: number
  readonly loadAfter: number
  readonly missing: readonly string[]
  readonly asked: readonly { readonly question: Question; readonly answer: Answer }[]
}

function allTargets(report: Report): Target[] {
  return report.asked.flatMap(({ answer }) => [...(answer.targets ?? [])])
}

/** The targets, for the terminal. */
export function consoleReport(report: Report): string {
  const lines = allTargets(report).map(
    ({ what, wanted, found, reached }) => `${reached ? 'reached' : 'MISSED '}  ${what}: ${shortly(found)} (${wanted})`,
  )
  return [...lines, `Took ${report.seconds.toFixed(0)} s; load average now ${report.loadAfter.toFixed(2)}.`].join('\n')
}

/** docs/benchmarks.md. */
export function markdownReport(report: Report): string {
  const parts = [
    '# Benchmarks',
    '',
    '<!-- Written by `npm run bench`. Do not edit: every number here was printed by that script. -->',
    '',
    `Written by \`npm run bench${report.quick ? ' -- --quick' : ''}\` in ${report.seconds.toFixed(0)} s. Each figure is the median of ${report.rounds} rounds, with the smallest and the largest in brackets; ` +
      'in every round all ways of one table are measured in turn, A B A B, and a ratio is the median of the ratios of the rounds. Sequence numbers and fields are checked wherever frames are read: a run with a missing, duplicated or torn frame fails.',
    '',
    ...table(
      ['Machine', ''],
      report.machine.map(([what, value]) => [what, value]),
    ),
    '',
    `Load average when it ended: ${report.loadAfter.toFixed(2)}. Virtual cores may be near to each other or far apart, and may move: the time a cache line takes from one to the other and back is measured before each round, and a round in which it changed is measured again.`,
    ...report.missing.map(what => `\nLeft out: ${what}.`),
    '',
    '## Targets',
    '',
    ...table(
      ['What', 'Wanted', 'Found', ''],
      allTargets(report).map(({ what, wanted, found, reached }) => [
        what,
        wanted,
        shortly(found),
        reached ? 'reached' : '**missed**',
      ]),
    ),
    ...missedTargets(report),
  ]
  for (const { question, answer } of report.asked) parts.push('', ...section(question, answer))
  return `${parts.join('\n')}\n`
}

function missedTargets(report: Report): string[] {
  const missed = allTargets(report).filter(({ reached }) => !reached)
  if (missed.length === 0) return []
  return ['', 'What limits those that were missed:', '', ...missed.map(({ what, limit }) => `- ${what}: ${limit}`)]
}

function section({ title, method }: Question, answer: Answer): string[] {
  const lines = [`## ${title}`, '', method]
  const byWay = (answer.comparisons ?? []).filter(({ contenders }) => contenders.length > 3)
  const sideBySide = (answer.comparisons ?? []).filter(({ contenders }) => contenders.length <= 3)
  if (sideBySide.length > 0) lines.push('', ...comparisonTable(sideBySide))
  for (const comparison of byWay) lines.push('', ...wayTable(comparison))
  for (const latencies of answer.latencies ?? []) lines.push('', ...latencyTable(latencies))
  for (const note of answer.notes ?? []) lines.push('', note)
  for (const plot of answer.plots ?? []) lines.push('', picture(plot))
  return lines
}

/** A line for each comparison; for those of two or three ways. */
function comparisonTable(comparisons: readonly Comparison[]): string[] {
  const most = Math.max(...comparisons.map(({ contenders }) => contenders.length))
  const sameNames = comparisons.every(({ contenders }) =>
    contenders.every(({ name }, i) => name === comparisons[0].contenders[i]?.name),
  )
  const head = [
    '',
    'unit',
    ...Array.from({ length: most }, (_, i) =>
      sameNames ? (comparisons.find(c => c.contenders.length === most)?.contenders[i].name ?? '') : '',
    ),
    ...(most > 1 ? ['ratio'] : []),
    'cache line, ns',
  ]
  const rows = comparisons.map(comparison => {
    const { label, unit, contenders, lineNs } = comparison
    const cells = Array.from({ length: most }, (_, i) => {
      const contender = contenders[i]
      return contender === undefined ? '' : `${sameNames ? '' : `${contender.name}: `}${spread(contender.values)}`
    })
    const ratios = most === 1 ? [] : [contenders.length > 1 ? shortly(ratio(contenders[0], contenders[1])) : '']
    return [label, unit, ...cells, ...ratios, lineNs.length === 0 ? '' : spread(lineNs)]
  })
  return table(head, rows)
}

/** A line for each way; for comparisons of many. */
function wayTable({ label, unit, contenders, lineNs }: Comparison): string[] {
  const rows = contenders.map(contender => [
    contender.name,
    spread(contender.values),
    shortly(ratio(contenders[0], contender)),
  ])
  const lines = table([`${label}, ${unit}`, 'median (smallest to largest)', `${contenders[0].name} / this`], rows)
  if (lineNs.length > 0) lines.push('', `Cache line before the rounds: ${spread(lineNs)} ns.`)
  return lines
}

function latencyTable({ label, ways }: Latencies): string[] {
  const head = [`${label}, ns`, ...SHARES.map(share => (share === 1 ? 'max' : `p${+(share * 100).toFixed(2)}`))]
  return table(
    head,
    ways.map(({ name, percentiles }) => [name, ...percentiles.map(shortly)]),
  )
}

function spread(values: readonly number[]): string {
  return `${shortly(median(values))} (${shortly(Math.min(...values))} to ${shortly(Math.max(...values))})`
}

function picture({ file, title }: Plot): string {
  return `![${title}](plots/${file})`
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  return [tableLine(head), tableLine(head.map((_, i) => (i === 0 ? '---' : '---:'))), ...rows.map(tableLine)]
}

function tableLine(cells: readonly string[]): string {
  return `| ${cells.map(cell => cell.replaceAll('|', '\\|')).join(' | ')} |`
}
