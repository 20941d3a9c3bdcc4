import type { OrderLine } from '../trading/inspect/orders.js'
import type { PositionLine } from '../trading/inspect/positions.js'
import type { OrderState } from '../trading/messages/order-terms.js'
import type { LimitName } from '../trading/risk/limits.js'

/**
 * What a sampler finds. Times are ns since 1970 (bigint), ages in ms, latencies in ns, positions and lags in slots of 64 bytes, rates per
 * second. A rate is undefined in the first sample: it needs two.
 */
export interface Sample {
  /** The home, the journal, or the directory of journals that was sampled. */
  readonly path: string
  readonly kind: 'home' | 'journals'
  readonly time: bigint
  /** ms since the sample before; undefined in the first. */
  readonly sinceMs: number | undefined
  readonly journals: readonly JournalSample[]
  /** Of a home: the gateway, its strategies and its venues' adapters. */
  readonly processes: readonly ProcessSample[]
  /** Of a home: what its sequence says. Undefined for journals, and when the sequence cannot be read. */
  readonly desk: DeskSample | undefined
  readonly space: SpaceSample | undefined
  /** What could not be read, with the error's code. */
  readonly problems: readonly SampleProblem[]
}

export interface SampleProblem {
  readonly path: string
  readonly code: string
  readonly message: string
}

export interface JournalSample {
  /** Its path within what was sampled: 'gateway', 'strategies/momentum'; of a journal by itself its directory's name. */
  readonly name: string
  readonly path: string
  /** The positions of its first frame and of its next one. */
  readonly firstPosition: number
  readonly position: number
  readonly pages: number
  /** The size of all pages. */
  readonly bytes: number
  /** Frames before this position survive a power loss. Undefined when the journal is never synced. */
  readonly durable: number | undefined
  readonly writer: {
    /** Whether a process has the journal open for writing. */
    readonly alive: boolean
    /** Who has it, or had it last. */
    readonly pid: number | undefined
    readonly epoch: number | undefined
  }
  /** When its last frame was written; undefined for an empty journal. */
  readonly lastTime: bigint | undefined
  readonly ageMs: number | undefined
  /** Slots written per second. */
  readonly slotsPerSecond: number | undefined
  /** How often its writers continued on another page, and how often that page was not ready in time. */
  readonly rolls: number
  readonly rollsWaited: number
  readonly readers: readonly ReaderSample[]
}

/** A reader with a name. */
export interface ReaderSample {
  readonly name: string
  readonly alive: boolean
  readonly pid: number
  readonly position: number
  /** Published slots that it has not read. */
  readonly lag: number
  /** Since it last stored its position. */
  readonly ageMs: number
}

export interface ProcessSample {
  /** 'gateway', the id of a strategy, or 'venue/' and the venue's name. */
  readonly name: string
  readonly kind: 'gateway' | 'strategy' | 'venue'
  /** 0 while there is no process. */
  readonly pid: number
  readonly alive: boolean
  readonly phase: string
  readonly epoch: number
  readonly restarts: number
  /** Whether it writes signs of life. A gateway and an adapter do not. */
  readonly hasHeartbeat: boolean
  /** Since the sampler saw its sign of life change last; undefined in the first sample and without signs of life. */
  readonly silentMs: number | undefined
  /** Frames handled and sent since its start, and published slots that it has not read. */
  readonly handled: number
  readonly sent: number
  readonly lag: number
  /** How old frames were when it handled them: percentiles in ns. 0 without signs of life. */
  readonly p50: number
  readonly p99: number
  readonly p999: number
  /** Seconds of processor time since its start; undefined where the system does not say. */
  readonly cpuSeconds: number | undefined
  /** The part of one core that it used since the sample before: 1 is a core. */
  readonly cpu: number | undefined
  readonly residentBytes: number | undefined
  /** Pauses that its journal has on record. */
  readonly stalls: { readonly gc: StallSample; readonly loop: StallSample }
}

/** Pauses of one kind, among the frames that the sampler has read. */
export interface StallSample {
  readonly count: number
  readonly totalNs: number
  readonly longestNs: number
  /** When the last one began; undefined for none. */
  readonly lastBegan: bigint | undefined
}

/** What the sequence says, up to the position that the sampler has read. */
export interface DeskSample {
  /** How many times the gateway was started. */
  readonly run: number
  /** The sampler has read the sequence up to here, and this many slots are left. */
  readonly position: number
  readonly behind: number
  readonly framesPerSecond: number | undefined
  readonly trading: {
    readonly state: 'active' | 'reducing' | 'halted'
    /** Why, and since when; '' and undefined while it is active, or when nothing says so. */
    readonly reason: string
    readonly since: bigint | undefined
  }
  readonly orders: {
    /** Orders that are not final, oldest first. */
    readonly open: readonly OrderLine[]
    /** The last final ones, oldest first. */
    readonly last: readonly OrderLine[]
    /** How many are in each state now, and how many ended in it since the sampler began, or since the snapshot that it began with. */
    readonly byState: Readonly<Record<OrderState, number>>
  }
  readonly latency: readonly HopSample[]
  readonly feed: {
    /** Market events that the sampler has read. */
    readonly events: number
    readonly eventsPerSecond: number | undefined
    readonly lastTime: bigint | undefined
    readonly ageMs: number | undefined
  }
  readonly markets: readonly MarketSample[]
  readonly positions: {
    readonly byStrategy: readonly PositionLine[]
    readonly byAccount: readonly PositionLine[]
    readonly byDesk: readonly PositionLine[]
  }
  readonly profit: readonly ProfitSample[]
  /** The day's profit as the home's breaker shows it, in units of `currency`; undefined without a breaker. */
  readonly day: { readonly profit: number; readonly currency: string } | undefined
  readonly limits: readonly LimitSample[]
  readonly venues: readonly VenueSample[]
}

/** One step on the way of orders. */
export interface HopSample {
  readonly hop: HopName
  readonly count: number
  /** Sum of all, ns. */
  readonly sumNs: number
  /** Percentiles, ns, to 1/16. */
  readonly p50: number
  readonly p99: number
  readonly p999: number
  readonly longestNs: number
  /** How many took at most this long: cumulative, ascending, for histograms. */
  readonly buckets: readonly (readonly [atMostNs: number, count: number])[]
}

/**
 * - decide: from the first cause (a market event, a timer) to the order in its strategy's journal; 4.29 s for that and more, which is all
 *   that a frame has room for
 * - take: from there to its copy in the sequence
 * - check: from there to the order to the venue, all checks passed
 * - venue: from there to the first word of the venue
 */
export const HOPS = ['decide', 'take', 'check', 'venue'] as const
export type HopName = (typeof HOPS)[number]

export interface MarketSample {
  readonly instrument: string
  readonly bid: number
  readonly ask: number
  /** When its last quote or trade was written. */
  readonly time: bigint
  readonly ageMs: number
}

/** Of the whole desk, in one settlement currency. */
export interface ProfitSample {
  readonly currency: string
  readonly realised: number
  /** At the middle of the last quotes; positions without a quote are left out. */
  readonly unrealised: number
  /** Paid in this currency. */
  readonly fees: number
}

/** A limit of risk, and how much of it is used. */
export interface LimitSample {
  /** 'desk', or the kind and the name: 'strategies/momentum', 'instruments/BTCUSDT', 'accounts/main'. */
  readonly owner: string
  readonly limit: LimitName
  readonly value: number
  /** In the limit's unit; undefined for what only the gateway knows. */
  readonly used: number | undefined
  /** `used` as a part of the limit: 1 is all of it. */
  readonly share: number | undefined
  /** Of maxPosition: the instrument that uses most. Of maxExposure: the currency. */
  readonly of: string
}

export interface VenueSample {
  readonly name: string
  readonly account: string
  /** 'reconciled': trading is possible. 'unknown': nothing was said since the sampler's beginning. */
  readonly state: 'connected' | 'disconnected' | 'reconciled' | 'unknown'
  readonly since: bigint | undefined
}

export interface SpaceSample {
  /** Free for an ordinary user, and all, of the file system that holds the journals. */
  readonly freeBytes: number
  readonly totalBytes: number
}
