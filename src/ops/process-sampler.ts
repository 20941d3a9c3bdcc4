import type { HeartbeatInfo } from '../state/heartbeats/cell.js'
import { Heartbeats } from '../state/heartbeats/heartbeats.js'
import type { HomeDirectory } from '../trading/sequence/home.js'
import { Kept } from './kept.js'
import { isRunning, usageOf } from './process-usage.js'
import { StallTally } from './stall-tally.js'
import type { JournalSample, ProcessSample } from './types.js'

/** The pauses on record of the processes of a home. */
export interface ProcessStalls {
  readonly gateway: StallTally | undefined
  readonly strategies: ReadonlyMap<string, { readonly stalls: StallTally }>
}

/** What was seen of a process in the sample before. */
interface Seen {
  readonly pid: number
  readonly beats: number
  /** performance.now() when its sign of life changed last, and of the sample. */
  readonly changedAt: number
  readonly at: number
  readonly cpuSeconds: number | undefined
}

const VENUE = 'venue/'
const NO_STALLS = new StallTally().sample

/** Samples the processes of a home: what they write into the table of heartbeats, and what the system says of them. */
export class ProcessSampler {
  private readonly seen = new Map<string, Seen>()

  private readonly table: Kept<Heartbeats>

  constructor({ heartbeats }: HomeDirectory) {
    this.table = new Kept(heartbeats, () => Heartbeats.find(heartbeats))
  }

  /** @param gateway the journal of the gateway: who writes it is the gateway. */
  sample(gateway: JournalSample | undefined, stalls: ProcessStalls): ProcessSample[] {
    const cells = this.table.get()?.list() ?? []
    return [this.gatewayOf(gateway, stalls.gateway), ...cells.map(cell => this.ofCell(cell, stalls))]
  }

  close(): void {
    this.table.close()
  }

  private gatewayOf(journal: JournalSample | undefined, stalls: StallTally | undefined): ProcessSample {
    const { alive = false, pid: last = 0, epoch = 0 } = journal?.writer ?? {}
    const pid = alive ? last : 0
    return {
      name: 'gateway',
      kind: 'gateway',
      pid,
      alive,
      phase: alive ? 'running' : 'stopped',
      epoch,
      restarts: 0,
      hasHeartbeat: false,
      handled: 0,
      sent: 0,
      lag: 0,
      p50: 0,
      p99: 0,
      p999: 0,
      stalls: stalls?.sample ?? NO_STALLS,
      ...this.usage('gateway', pid, 0),
      silentMs: undefined,
    }
  }

  private ofCell(cell: HeartbeatInfo, { strategies }: ProcessStalls): ProcessSample {
    const { name, pid, processStart, phase, epoch, restarts, handled, sent, lag, p50, p99, p999, beats, time } = cell
    const isVenue = name.startsWith(VENUE)
    const hasHeartbeat = time !== 0n
    const usage = this.usage(name, pid, beats)
    return {
      name,
      kind: isVenue ? 'venue' : 'strategy',
      pid,
      alive: isRunning(pid, processStart),
      phase,
      epoch,
      restarts,
      hasHeartbeat,
      handled,
      sent,
      lag,
      p50,
      p99,
      p999,
      stalls: strategies.get(name)?.stalls.sample ?? NO_STALLS,
      ...usage,
      silentMs: hasHeartbeat ? usage.silentMs : undefined,
    }
  }

  private usage(
    name: string,
    pid: number,
    beats: number,
  ): Pick<ProcessSample, 'cpuSeconds' | 'cpu' | 'residentBytes' | 'silentMs'> {
    const at = performance.now()
    const known = this.seen.get(name)
    const before = known?.pid === pid ? known : undefined
    const found = pid === 0 ? undefined : usageOf(pid)
    const changedAt = before === undefined || before.beats !== beats ? at : before.changedAt
    this.seen.set(name, { pid, beats, changedAt, at, cpuSeconds: found?.cpuSeconds })
    const used =
      found === undefined || before?.cpuSeconds === undefined ? undefined : found.cpuSeconds - before.cpuSeconds
    return {
      cpuSeconds: found?.cpuSeconds,
      cpu: used === undefined || before === undefined ? undefined : used / ((at - before.at) / 1000),
      residentBytes: found?.residentBytes,
      silentMs: before === undefined ? undefined : at - changedAt,
    }
  }
}
