import { createHash } from 'node:crypto'
import * as fs from 'node:fs'
import type { LastStart } from '../desk/player-data.js'
import type { StrategyInfo } from '../strategies/inspect.js'

/**
 * What the sequence says of the strategies of these modules: they run again at once, and their modules are loaded meanwhile.
 * Undefined when one of them is new or was changed, so that it must be loaded first.
 */
export function strategiesOnRecord(
  files: readonly string[],
  starts: Iterable<LastStart>,
): readonly StrategyInfo[] | undefined {
  const known = [...starts]
  const infos: StrategyInfo[] = []
  for (const file of files) {
    const code = codeOf(file)
    const own = known.filter(start => start.file === file && start.code === code)
    if (own.length === 0) return undefined
    for (const { id, wantsTicker } of own)
      infos.push({ id, file, code, wantsTicker, symbols: undefined, from: 'start' })
  }
  return infos
}

function codeOf(file: string): string {
  return fs.existsSync(file) ? createHash('sha256').update(fs.readFileSync(file)).digest('hex') : ''
}
