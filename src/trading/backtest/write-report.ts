import * as fs from 'node:fs'
import * as path from 'node:path'
import { makeDirectories } from '../../base/files/make-directories.js'
import { fromSystemError } from '../../base/system-error.js'
import { linePlotSvg } from './line-plot.js'
import type { BacktestReport } from './report.js'
import { reportText } from './report-text.js'

/**
 * Writes a report into a directory: `report.txt`, `report.json`, and for each currency `profit-<currency>.svg` and
 * `drawdown-<currency>.svg`. Returns the names of the files. Files of these names are replaced.
 *
 * @throws {SystemCallError}, {NoSpaceError}.
 */
export function writeReport(directory: string, report: BacktestReport): string[] {
  const { curve } = report
  const files: [string, string][] = [
    ['report.txt', reportText(report)],
    ['report.json', `${JSON.stringify(report, undefined, 1)}\n`],
  ]
  for (const [currency, values] of Object.entries(curve.profit)) {
    const { timesMs } = curve
    const name = currency.replaceAll(/[^A-Za-z0-9_-]/g, '_')
    const [profit, drawdown] = [`profit, fees included`, 'drawdown: below the highest profit so far']
    files.push(
      [`profit-${name}.svg`, linePlotSvg({ title: `${currency}: ${profit}`, unit: currency, timesMs, values })],
      [
        `drawdown-${name}.svg`,
        linePlotSvg({ title: `${currency}: ${drawdown}`, unit: currency, timesMs, values: drawdownOf(values) }),
      ],
    )
  }
  try {
    makeDirectories(directory)
    for (const [name, text] of files) fs.writeFileSync(path.join(directory, name), text)
  } catch (error) {
    throw fromSystemError(error, 'writing', directory)
  }
  return files.map(([name]) => name)
}

/** How far below its highest value so far each value is, 0 or less. */
function drawdownOf(values: readonly number[]): number[] {
  let peak = 0
  return values.map(value => {
    if (value > peak) peak = value
    return value - peak
  })
}
