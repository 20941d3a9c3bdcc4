import { packageModule } from '../../native/package-files.js'
import { identityOf } from '../../runtime/consumer/identity.js'
import { STALL_MS } from '../../runtime/stalls/stall-watch.js'
import { Supervisor, type SupervisorEvent } from '../../runtime/supervision/supervisor.js'
import type { StrategyProcessConfig } from '../strategies/process.js'
import { SECRET_VARIABLES } from '../venues/secret-variables.js'
import { endEpoch, recordEvent, startEpoch } from './epochs.js'
import { type RunningStrategy, type StrategyEnvironment, writerOptions } from './running-strategy.js'

/** How often a strategy may be started again, unless the options say otherwise. */
const RESTARTS = { max: 100, withinMs: 600_000 }

/** The module that a strategy's process runs. @throws {BundledError} */
export function strategyProcess(): string {
  return packageModule('trading/strategies/process.js', 'A gateway, which runs each strategy in a process of its own,')
}

/** Starts a strategy's process and keeps it running. Each start is a new epoch. */
export function superviseStrategy(environment: StrategyEnvironment, strategy: RunningStrategy): void {
  const { options, home, check, heartbeats } = environment
  const { known, cell } = strategy
  const input = home.sequence
  const start = (): string => {
    check()
    endEpoch(environment, strategy)
    const seed = startEpoch(environment, strategy)
    cell.start(known.epoch)
    const { info } = strategy
    const config: StrategyProcessConfig = {
      id: info.id,
      file: info.file,
      strategy: known.number,
      epoch: known.epoch,
      seed,
      accounts: environment.accounts,
      input,
      inputIdentity: identityOf(input),
      output: home.strategy(info.id),
      log: home.log,
      heartbeats: heartbeats.path,
      cell: cell.number,
      writer: writerOptions(environment.options, known.number),
      wait: options.wait ?? 'event-loop',
      progressMs: options.progressMs ?? 250,
      stallMs: stallMsOf(options),
    }
    return JSON.stringify(config)
  }
  const { strategyMemoryMb } = options
  const supervisor: Supervisor = new Supervisor({
    module: strategyProcess(),
    argument: start,
    command: strategy.info.command,
    hiddenVariables: SECRET_VARIABLES,
    nodeOptions: strategyMemoryMb === undefined ? [] : [`--max-old-space-size=${strategyMemoryMb}`],
    firstMs: options.backOffMs ?? 100,
    longestMs: 5_000,
    restarts: options.restarts ?? RESTARTS,
    stopMs: options.stopMs ?? 15_000,
    onEvent: event => follow(environment, strategy, event),
  })
  strategy.supervisor = supervisor
}

/** JSON has no Infinity: undefined for no record. */
function stallMsOf({ stallMs = STALL_MS }: { readonly stallMs?: number }): number | undefined {
  return stallMs < Number.POSITIVE_INFINITY ? stallMs : undefined
}

/** Records what happened to a strategy's process, in the sequence and in shared memory. */
function follow(environment: StrategyEnvironment, strategy: RunningStrategy, event: SupervisorEvent): void {
  const { epoch } = strategy.known
  strategy.cell.follow(event, strategy.supervisor?.restarts ?? 0)
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
