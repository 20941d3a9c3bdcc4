import * as fs from 'node:fs'
import type { LastStart } from '../desk/player-data.js'
import { isCommandFile, readCommandStrategy } from '../strategies/command.js'
import type { StrategyInfo } from '../strategies/inspect.js'
import { moduleCode } from '../strategies/module-code.js'
import { runnerOf } from '../strategies/runners.js'

/**
 * What the sequence says of the strategies of these modules: they run again at once, and their modules are loaded meanwhile.
 * Undefined when one of them is new or was changed, so that it must be loaded first; or when two have the same id, which is refused then. A description with a command says all by itself.
 *
 * @throws {StrategyError} for a description that is not valid.
 */
export function strategiesOnRecord(
  files: readonly string[],
  starts: Iterable<LastStart>,
): readonly StrategyInfo[] | undefined {
  const known = [...starts]
  const infos: StrategyInfo[] = []
  for (const file of files) {
    if (!fs.existsSync(file)) return undefined
    if (isCommandFile(file)) {
      infos.push({ file, ...readCommandStrategy(file) })
      continue
    }
    const code = moduleCode(file)
    const own = known.filter(start => start.file === file && start.code === code)
    if (own.length === 0) return undefined
    const command = runnerOf(file)?.command('run', file)
    for (const { id, wantsTicker } of own)
      infos.push({ id, file, code, command, wantsTicker, symbols: undefined, from: 'start' })
  }
  return new Set(infos.map(({ id }) => id)).size === infos.length ? infos : undefined
}
