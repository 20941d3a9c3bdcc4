import { packageModule } from '../../native/package-files.js'
import { identityOf } from '../../runtime/consumer/identity.js'
import { STALL_MS } from '../../runtime/stalls/stall-watch.js'
import type { RestartOptions } from '../../runtime/supervision/restarts.js'
import { Supervisor, type SupervisorEvent } from '../../runtime/supervision/supervisor.js'
import type { StrategyProcessConfig } from '../strategies/process.js'
import type { EpochConfig } from '../strategies/strategy-epoch.js'
import { SECRET_VARIABLES } from '../venues/secret-variables.js'
import { endEpoch, recordEvent, startEpoch } from './epochs.js'
import { START_MS } from './hang-watch.js'
import { InProcessStrategy } from './in-process-strategy.js'
import { type RunningStrategy, type StrategyEnvironment, writerOptions } from './running-strategy.js'

/** How often a strategy may be started again, unless the options say otherwise. */
const RESTARTS = { max: 100, withinMs: 600_000 }
/** How long it may take to stop, and how often it publishes its progress, in ms. */
const STOP_MS = 15_000
const PROGRESS_MS = 250

/** The module that a strategy's process runs. @throws {BundledError} */
export function strategyProcess(): string {
  return packageModule('trading/strategies/process.js', 'A gateway, which runs each strategy in a process of its own,')
}

/** Starts a strategy and keeps it running. Each start is a new epoch. */
export function startStrategy(environment: StrategyEnvironment, strategy: RunningStrategy): void {
  if (strategy.info.inProcess === true) strategy.inside = runInside(environment, strategy)
  else strategy.supervisor = superviseProcess(environment, strategy)
}

function superviseProcess(environment: StrategyEnvironment, strategy: RunningStrategy): Supervisor {
  const { options, home, heartbeats } = environment
  const start = (): string => {
    const config: StrategyProcessConfig = {
      ...beginEpoch(environment, strategy),
      log: home.log,
      heartbeats: heartbeats.path,
      cell: strategy.cell.number,
      wait: options.wait ?? 'event-loop',
      progressMs: options.progressMs ?? PROGRESS_MS,
      stallMs: stallMsOf(options),
    }
    return JSON.stringify(config)
  }
  const { strategyMemoryMb } = options
  return new Supervisor({
    module: strategyProcess(),
    argument: start,
    command: strategy.info.command,
    hiddenVariables: SECRET_VARIABLES,
    nodeOptions: strategyMemoryMb === undefined ? [] : [`--max-old-space-size=${strategyMemoryMb}`],
    ...restartsOf(options),
    stopMs: options.stopMs ?? STOP_MS,
    onEvent: event => follow(environment, strategy, event),
  })
}

function runInside(environment: StrategyEnvironment, strategy: RunningStrategy): InProcessStrategy {
  const { options, home, heartbeats } = environment
  return new InProcessStrategy({
    id: strategy.info.id,
    begin: () => beginEpoch(environment, strategy),
    log: home.log,
    pulse: heartbeats.pulse(strategy.cell.number),
    progressMs: options.progressMs ?? PROGRESS_MS,
    ...restartsOf(options),
    startMs: options.startMs ?? START_MS,
    stopMs: options.stopMs ?? STOP_MS,
    onEvent: event => follow(environment, strategy, event),
  })
}

/** Begins a new epoch of a strategy. Returns what it is opened with. */
function beginEpoch(
  environment: StrategyEnvironment,
  strategy: RunningStrategy,
): EpochConfig & { readonly file: string; readonly inputIdentity: string } {
  const { home, accounts, options } = environment
  const { known, info, cell } = strategy
  environment.check()
  endEpoch(environment, strategy)
  const seed = startEpoch(environment, strategy)
  cell.start(known.epoch)
  return {
    id: info.id,
    file: info.file,
    strategy: known.number,
    epoch: known.epoch,
    seed,
    accounts,
    input: home.sequence,
    inputIdentity: identityOf(home.sequence),
    output: home.strategy(info.id),
    writer: writerOptions(options, known.number),
  }
}

function restartsOf({ backOffMs, restarts = RESTARTS }: StrategyEnvironment['options']): RestartOptions {
  return { firstMs: backOffMs ?? 100, longestMs: 5_000, restarts }
}

/** JSON has no Infinity: undefined for no record. */
function stallMsOf({ stallMs = STALL_MS }: { readonly stallMs?: number }): number | undefined {
  return stallMs < Number.POSITIVE_INFINITY ? stallMs : undefined
}

/** Records what happened to a strategy, in the sequence and in shared memory. */
function follow(environment: StrategyEnvironment, strategy: RunningStrategy, event: SupervisorEvent): void {
  const { epoch } = strategy.known
  strategy.cell.follow(event, strategy.keeper?.restarts ?? 0)
  const isSame = (): boolean => strategy.known.epoch === epoch && !strategy.known.ended
  switch (event.kind) {
    case 'started':
    case 'failed':
      break
    case 'ready':
      environment.later(() => {
        if (isSame()) recordEvent(environment, strategy, 'ready')
      })
      break
    case 'hung':
      // The watch runs inside the gateway's loop: the frame is written before the process is killed.
      recordEvent(environment, strategy, 'hung', `no sign of life for ${event.silentMs} ms`)
      break
    case 'ended':
      environment.later(() => {
        if (isSame()) endEpoch(environment, strategy)
      })
      break
    case 'given-up':
      environment.later(() =>
        recordEvent(environment, strategy, 'failed', `${event.restarts} restarts, then ${event.how}`),
      )
      break
  }
  environment.options.onStrategy?.(strategy.info.id, event)
}
