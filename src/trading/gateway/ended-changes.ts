import { resolve } from 'node:path'
import { shellQuoted } from '../../base/shell.js'
import { HomeError } from '../errors.js'
import type { StrategyInfo } from '../strategies/inspect.js'

/**
 * Strategies that people have added, replaced or removed by command are so until the gateway ends. What a start says of them, so that
 * nobody believes that they still are; undefined when it makes no difference.
 *
 * @param commanded by id: the file of a strategy in the last run, undefined for one that was removed.
 * @param infos the strategies of this start.
 */
export function endedChanges(
  home: string,
  commanded: ReadonlyMap<string, string | undefined>,
  infos: readonly StrategyInfo[],
): HomeError | undefined {
  const changes: string[] = []
  for (const [id, file] of commanded) {
    const now = infos.find(info => info.id === id)
    if (file === undefined) {
      if (now !== undefined) changes.push(`'${id}' was removed, and runs again from ${now.file}`)
    } else if (now === undefined) {
      const add = `ticktape strategy add ${shellQuoted(home)} ${id} ${shellQuoted(file)}`
      changes.push(`'${id}' ran from ${file}, and does not run now (${add})`)
    } else if (now.file !== resolve(file)) changes.push(`'${id}' ran from ${file}, and runs from ${now.file} now`)
  }
  if (changes.length === 0) return undefined
  return new HomeError(
    `the strategies of ${home} that were changed by command are those of the options again with this start: ${changes.join('; ')}`,
    { path: home },
  )
}
