import { InvalidStateError } from '../../base/errors.js'
import { nearestName } from '../../base/nearest.js'
import { StrategyError } from '../errors.js'
import { type GivenModule, placeOf } from '../strategies/given-module.js'
import { inspectStrategies, type StrategyInfo } from '../strategies/inspect.js'
import { endEpoch } from './epochs.js'
import type { GatewayWork } from './gateway-work.js'
import type { OpenDesk } from './open-desk.js'
import { enterStrategy, type RunningStrategy } from './running-strategy.js'
import { startStrategy } from './strategy-processes.js'

/** Adds, replaces, removes and pauses strategies while the gateway runs. One change at a time; the other strategies keep running. */
export class StrategyChanges {
  private last: Promise<unknown> = Promise.resolve()

  constructor(
    private readonly open: OpenDesk,
    private readonly work: GatewayWork,
    /** Aborts when the gateway stops. */
    private readonly stopping: AbortSignal,
    private readonly wake: () => void,
  ) {}

  /** @param id only this strategy of the module. @throws {StrategyError}, {InvalidStateError} */
  add(given: GivenModule, id?: string): Promise<readonly RunningStrategy[]> {
    return this.inOrder(async () => {
      const infos = await inspectAll([given])
      this.throwIfStopped()
      const wanted = id === undefined ? infos : [infoOf(infos, id, placeOf(given).file)]
      for (const info of wanted) {
        const other = this.find(info.id)
        if (other !== undefined)
          throw new StrategyError(`a strategy '${info.id}' runs already, from ${other.info.file}`, { path: info.file })
      }
      const added: RunningStrategy[] = []
      for (const info of wanted) {
        const strategy = this.enter(info)
        added.push(strategy)
        await strategy.keeper?.ready
      }
      return added
    })
  }

  /**
   * Compares the running strategies, which were started as the sequence has them, with what their modules say now. A strategy
   * whose module says something else, because a file that it imports was changed, is started again.
   */
  confirm(infos: readonly StrategyInfo[]): Promise<void> {
    return this.inOrder(async () => {
      for (const strategy of this.work.strategies.slice()) {
        const info = infos.find(({ id }) => id === strategy.info.id)
        if (info?.wantsTicker === strategy.info.wantsTicker) strategy.info = info
        else await this.end(strategy)
      }
      if (this.stopping.aborted) return
      for (const info of infos) if (this.find(info.id) === undefined) this.enter(info)
    })
  }

  remove(id: string): Promise<boolean> {
    return this.inOrder(async () => {
      this.throwIfStopped()
      return this.end(this.running(id))
    })
  }

  replace(id: string, file: string): Promise<boolean> {
    return this.inOrder(async () => {
      this.throwIfStopped()
      const strategy = this.running(id)
      if (strategy.inside !== undefined) throw new StrategyError(notReplaced(id))
      // Loaded before the first strategy is stopped: a module that cannot be loaded changes nothing.
      const info = infoOf(await inspectAll([file]), id, file)
      this.throwIfStopped()
      const orderly = await this.stop(strategy)
      this.throwIfStopped()
      strategy.info = info
      startStrategy(this.open, strategy)
      await strategy.keeper?.ready
      return orderly
    })
  }

  pause(id: string, paused: boolean, reason: string): void {
    this.throwIfStopped()
    this.running(id)
    this.work.operator.give(paused ? 'pause-strategy' : 'resume-strategy', id, reason)
  }

  /** Whether such a strategy runs inside the gateway's process. */
  isInside(id: string): boolean {
    return this.find(id)?.inside !== undefined
  }

  /** Whether such a strategy runs, or waits to be started again, or has failed. */
  has(id: string): boolean {
    return this.find(id) !== undefined
  }

  private find(id: string): RunningStrategy | undefined {
    return this.work.strategies.find(strategy => strategy.info.id === id)
  }

  private running(id: string): RunningStrategy {
    const strategy = this.find(id)
    if (strategy !== undefined) return strategy
    const ids = this.work.strategies.map(({ info }) => info.id)
    throw new StrategyError(`no strategy '${id}' runs; ${hintFor(id, ids)}`)
  }

  private enter(info: StrategyInfo): RunningStrategy {
    const strategy = enterStrategy(this.open, info, this.open.strategies, this.open.taken)
    startStrategy(this.open, strategy)
    this.work.add(strategy)
    this.wake()
    return strategy
  }

  /** Stops a strategy and removes it. @throws {InvalidStateError} when the gateway was stopped meanwhile. */
  private async end(strategy: RunningStrategy): Promise<boolean> {
    const orderly = await this.stop(strategy)
    this.throwIfStopped()
    this.work.remove(strategy)
    this.open.taken.set(strategy.source.journal, strategy.source.reader.position)
    strategy.close()
    return orderly
  }

  private async stop(strategy: RunningStrategy): Promise<boolean> {
    const orderly = await strategy.keeper?.stop({ kind: 'stop', position: this.open.sequence.writer.position })
    if (!this.stopping.aborted) endEpoch(this.open, strategy)
    return orderly ?? false
  }

  private inOrder<T>(change: () => Promise<T>): Promise<T> {
    const result = this.last.then(change)
    // The next change waits until this one has ended. Its error goes to its caller only.
    this.last = result.catch(() => {})
    return result
  }

  private throwIfStopped(): void {
    if (this.stopping.aborted) throw new InvalidStateError(`the gateway of ${this.open.home.path} was stopped`)
  }
}

/** The strategies of modules. @throws {StrategyError} when two have the same id. */
export async function inspectAll(given: readonly GivenModule[]): Promise<StrategyInfo[]> {
  const strategies: StrategyInfo[] = []
  // Each is loaded in a process of its own; these run at the same time.
  for (const infos of await Promise.all(given.map(inspect))) {
    for (const info of infos) {
      const other = strategies.find(strategy => strategy.id === info.id)
      if (other !== undefined)
        throw new StrategyError(
          `${info.file} and ${other.file} both have a strategy '${info.id}'; each needs a name of its own`,
          { path: info.file },
        )
      strategies.push(info)
    }
  }
  return strategies
}

async function inspect(given: GivenModule): Promise<readonly StrategyInfo[]> {
  const { file, inProcess } = placeOf(given)
  const infos = await inspectStrategies(file)
  return inProcess ? infos.map(info => ({ ...info, inProcess })) : infos
}

/** Why a strategy is not replaced that runs inside the gateway's process. */
export function notReplaced(id: string): string {
  return `'${id}' runs inside the gateway's process, where modules that were imported stay as they were: remove it, then add the file, and it goes on in a process of its own; or start the gateway again`
}

function infoOf(infos: readonly StrategyInfo[], id: string, file: string): StrategyInfo {
  const info = infos.find(one => one.id === id)
  if (info !== undefined) return info
  const ids = infos.map(one => one.id)
  throw new StrategyError(`${file} has no strategy '${id}'; ${hintFor(id, ids)}`, { path: file })
}

/** What a misspelt id may have meant. */
export function hintFor(id: string, ids: readonly string[]): string {
  const near = nearestName(id, ids)
  return near === undefined
    ? `there are: ${ids.map(one => `'${one}'`).join(', ') || 'none'}`
    : `did you mean '${near}'?`
}
