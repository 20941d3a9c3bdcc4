import type { SupervisorEvent } from '../../runtime/supervision/supervisor.js'
import type { GatewayStatus } from '../../trading/gateway/gateway.js'
import type { ProgressWatchdog } from './progress-watchdog.js'
import { formatNs, grouped } from './units.js'

/** How a gateway and its strategies are doing, in words. */

export function strategyText(event: SupervisorEvent): string {
  switch (event.kind) {
    case 'started':
      return event.inProcess === true ? "started inside the gateway's process" : `started, pid ${event.pid}`
    case 'ready':
      return 'ready'
    case 'failed':
      return `failed: ${event.message}`
    case 'hung':
      return `hung, no sign of life for ${event.silentMs} ms; killed`
    case 'given-up':
      return `given up after ${event.restarts} restarts; 'ticktape strategy replace' starts it again`
    case 'ended':
      return `ended (${event.how})${event.restartInMs === undefined ? '' : `, starts again in ${event.restartInMs} ms`}`
  }
}

/** Events a second, from one check to the next. */
export class Rate {
  private last: { readonly events: number; readonly atMs: number } | undefined = undefined

  /** 0 at the first call, and when the count was reset. */
  next(events: number): number {
    const atMs = performance.now()
    const { last } = this
    this.last = { events, atMs }
    return last === undefined || events < last.events
      ? 0
      : Math.round(((events - last.events) * 1000) / (atMs - last.atMs))
  }
}

export function statusText(status: GatewayStatus, rate: number, watchdog?: ProgressWatchdog): string {
  const parts = status.strategies.map(({ id, pid, progress, phase }) => {
    if (phase === 'failed') return `${id} failed`
    if (pid === undefined) return `${id} down`
    const silentMs = watchdog?.of(id, progress)
    if (silentMs !== undefined) return `${id} no progress for ${Math.floor(silentMs / 1000)} s`
    if (progress === undefined) return `${id} starting`
    return `${id} lag ${progress.lag}, p50 ${formatNs(progress.p50)}, p99 ${formatNs(progress.p99)}`
  })
  return `${grouped(status.events)} events, ${grouped(rate)}/s, ${grouped(status.orders)} orders | ${parts.join(' | ')}`
}
