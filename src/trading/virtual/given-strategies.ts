import { absolute } from '../../base/absolute.js'
import { formatValue } from '../../base/format-value.js'
import { StrategyError } from '../errors.js'
import { inspectStrategies, type StrategyInfo } from '../strategies/inspect.js'
import { loadStrategy } from '../strategies/load.js'
import { isStrategy, type StrategyDefinition } from '../strategies/strategy.js'

/** A module with strategies, a strategy, or a function that makes one: at each start a new one, with new variables. */
export type GivenStrategy = string | StrategyDefinition | (() => StrategyDefinition)

/** A strategy that can be loaded again and again. */
export interface LoadableStrategy {
  readonly info: StrategyInfo
  readonly load: () => Promise<StrategyDefinition>
}

/**
 * The strategies of a virtual desk. A module is first loaded in a process of its own, as by a gateway: what it does at its
 * top level must not end or hang this one.
 *
 * @throws {StrategyError}
 */
export async function loadableStrategies(given: readonly GivenStrategy[]): Promise<LoadableStrategy[]> {
  const all = (await Promise.all(given.map(loadable))).flat()
  const ids = all.map(({ info }) => info.id)
  const twice = ids.find((id, n) => ids.indexOf(id) !== n)
  if (twice === undefined) return all
  throw new StrategyError(`there are two strategies '${twice}'; each needs a name of its own`)
}

async function loadable(given: GivenStrategy): Promise<LoadableStrategy[]> {
  if (typeof given === 'string') {
    const infos = await inspectStrategies(absolute(given))
    return infos.map(info => ({ info, load: () => loadStrategy(info.file, info.id) }))
  }
  const make = typeof given === 'function' ? given : () => given
  const first = make()
  if (!isStrategy(first))
    throw new StrategyError(
      `a strategy is a module's path, a strategy made by defineStrategy, or a function that returns one; not ${formatValue(first)}`,
    )
  const { id, symbols, from = 'start', onTicker } = first
  const info = { id, file: '', symbols, from, wantsTicker: onTicker !== undefined, code: '' }
  // The first start gets the instance that was created to read its description.
  let unused: StrategyDefinition | undefined = first
  const load = (): Promise<StrategyDefinition> => {
    const definition = unused ?? make()
    unused = undefined
    return Promise.resolve(definition)
  }
  return [{ info, load }]
}
