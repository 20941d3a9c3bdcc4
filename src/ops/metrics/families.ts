import type { DeskSample, HopSample, JournalSample, ProcessSample, Sample } from '../types.js'

/** One value with its labels. Undefined values are left out. */
export interface Point {
  readonly labels?: Readonly<Record<string, string>>
  readonly value: number | undefined
  /** Of a histogram: '_bucket', '_sum' or '_count'. */
  readonly suffix?: string
}

/** A metric: its name without '_total', what it is, and its values in a sample. */
export interface Family {
  readonly name: string
  readonly type: 'gauge' | 'counter' | 'histogram'
  readonly help: string
  readonly points: (sample: Sample) => readonly Point[]
}

const NS = 1e-9
const MS = 1e-3
const SLOT_BYTES = 64

/** All metrics, in base units: seconds, bytes, parts of 1. */
export const FAMILIES: readonly Family[] = [
  ...journal([
    ['journal_slots', 'counter', 'Slots of 64 bytes written: the position of the next frame.', one => one.position],
    ['journal_written_bytes', 'counter', 'Bytes of all frames written.', one => one.position * SLOT_BYTES],
    ['journal_pages', 'gauge', 'Pages that exist.', one => one.pages],
    ['journal_size_bytes', 'gauge', 'Size of all pages.', one => one.bytes],
    ['journal_undurable_bytes', 'gauge', 'Bytes of frames that a power loss would take.', undurable],
    [
      'journal_last_frame_timestamp_seconds',
      'gauge',
      'When the last frame was written.',
      one => secondsOf(one.lastTime),
    ],
    [
      'journal_writer_up',
      'gauge',
      'Whether a process has the journal open for writing.',
      one => Number(one.writer.alive),
    ],
    ['journal_rolls', 'counter', 'How often the writer continued on another page.', one => one.rolls],
    ['journal_rolls_waited', 'counter', 'How often the next page was not ready in time.', one => one.rollsWaited],
  ]),
  reader('reader_lag_slots', 'Slots of 64 bytes that a named reader has not read.', ({ lag }) => lag),
  reader('reader_up', 'Whether a named reader is open in a process that lives.', ({ alive }) => Number(alive)),
  ...process([
    ['process_up', 'gauge', 'Whether the process runs.', one => Number(one.alive)],
    ['process_cpu_seconds', 'counter', 'Processor time of the process.', one => one.cpuSeconds],
    ['process_resident_memory_bytes', 'gauge', 'Memory that the process occupies.', one => one.residentBytes],
    ['process_restarts', 'counter', 'How often the gateway started the process again.', one => one.restarts],
    ['process_silent_seconds', 'gauge', 'Since the last sign of life.', one => scaled(one.silentMs, MS)],
    ['process_handled_frames', 'counter', 'Frames handled since its start.', beating(one => one.handled)],
    ['process_sent_frames', 'counter', 'Frames sent since its start.', beating(one => one.sent)],
    ['process_lag_slots', 'gauge', 'Published slots that it has not read.', beating(one => one.lag)],
  ]),
  {
    name: 'process_frame_age_seconds',
    type: 'gauge',
    help: 'How old frames were when the process handled them, by percentile.',
    points: ({ processes }) =>
      processes.filter(isBeating).flatMap(one =>
        (
          [
            ['50', one.p50],
            ['99', one.p99],
            ['99.9', one.p999],
          ] as const
        ).map(([percentile, ns]) => ({
          labels: { ...labelsOf(one), percentile },
          value: ns * NS,
        })),
      ),
  },
  stalls('process_stalls', 'Pauses of the process that its journal has on record.', ({ count }) => count),
  stalls('process_stalled_seconds', 'Duration of these pauses.', ({ totalNs }) => totalNs * NS),
  desk('gateway_runs', 'counter', 'How often the gateway was started.', ({ run }) => [{ value: run }]),
  desk('trading_halted', 'gauge', 'Whether trading is halted.', ({ trading }) => [
    { value: Number(trading.state === 'halted') },
  ]),
  desk('trading_reducing', 'gauge', 'Whether only what makes a position smaller passes.', ({ trading }) => [
    { value: Number(trading.state === 'reducing') },
  ]),
  desk('orders', 'gauge', 'Orders that are not final, by state.', ({ orders }) =>
    states(orders.byState, OPEN).map(([state, value]) => ({ labels: { state }, value })),
  ),
  desk('orders_ended', 'counter', 'Orders that became final, by state.', ({ orders }) =>
    states(orders.byState, FINAL).map(([state, value]) => ({ labels: { state }, value })),
  ),
  {
    name: 'order_hop_seconds',
    type: 'histogram',
    help: 'How long orders took from hop to hop: decide, take, check, venue.',
    points: sample => sample.desk?.latency.flatMap(histogram) ?? [],
  },
  desk('market_events', 'counter', 'Quotes and trades in the sequence.', ({ feed }) => [{ value: feed.events }]),
  desk('market_last_event_timestamp_seconds', 'gauge', 'When the last quote or trade was written.', ({ markets }) =>
    markets.map(({ instrument, time }) => ({ labels: { instrument }, value: secondsOf(time) })),
  ),
  desk('position', 'gauge', 'Quantity that a strategy holds, below 0 when short.', ({ positions }) =>
    positions.byStrategy.map(({ owner, instrument, quantity }) => ({
      labels: { strategy: owner, instrument },
      value: Number(quantity),
    })),
  ),
  desk('profit', 'gauge', 'Profit of the desk without fees, and the fees paid, by currency.', ({ profit }) =>
    profit.flatMap(({ currency, realised, unrealised, fees }) =>
      Object.entries({ realised, unrealised, fees }).map(([part, value]) => ({ labels: { currency, part }, value })),
    ),
  ),
  desk('day_profit', 'gauge', "The trading day's profit, fees included, as the circuit breaker shows it.", ({ day }) =>
    day === undefined ? [] : [{ labels: { currency: day.currency }, value: day.profit }],
  ),
  desk('limit', 'gauge', 'Limits of risk in effect.', ({ limits }) =>
    limits.map(({ owner, limit, value }) => ({ labels: { owner, limit }, value })),
  ),
  desk('limit_used_ratio', 'gauge', 'The part of a limit that is used: 1 is all of it.', ({ limits }) =>
    limits.map(({ owner, limit, share }) => ({ labels: { owner, limit }, value: share })),
  ),
  desk('venue_up', 'gauge', 'Whether an account is connected and reconciled, so that it can trade.', ({ venues }) =>
    venues.map(({ name: venue, account, state }) => ({
      labels: { venue, account },
      value: Number(state === 'reconciled'),
    })),
  ),
  desk('sequence_unread_slots', 'gauge', 'Slots of the sequence that this exporter has not read.', ({ behind }) => [
    { value: behind },
  ]),
  {
    name: 'space_free_bytes',
    type: 'gauge',
    help: 'Free space of the file system that holds the journals.',
    points: ({ space }) => [{ value: space?.freeBytes }],
  },
  {
    name: 'space_size_bytes',
    type: 'gauge',
    help: 'Size of that file system.',
    points: ({ space }) => [{ value: space?.totalBytes }],
  },
  {
    name: 'sample_problems',
    type: 'gauge',
    help: 'Files that could not be read for this sample.',
    points: ({ problems }) => [{ value: problems.length }],
  },
]

const OPEN = ['submitted', 'accepted', 'partially-filled', 'unknown'] as const
const FINAL = ['filled', 'cancelled', 'rejected', 'denied', 'expired'] as const

type Column<T> = readonly [name: string, type: 'gauge' | 'counter', help: string, value: (one: T) => number | undefined]

function journal(columns: readonly Column<JournalSample>[]): Family[] {
  return columns.map(([name, type, help, value]) => ({
    name,
    type,
    help,
    points: ({ journals }) => journals.map(one => ({ labels: { journal: one.name }, value: value(one) })),
  }))
}

function reader(name: string, help: string, value: (one: JournalSample['readers'][number]) => number): Family {
  return {
    name,
    type: 'gauge',
    help,
    points: ({ journals }) =>
      journals.flatMap(({ name: of, readers }) =>
        readers.map(one => ({ labels: { journal: of, reader: one.name }, value: value(one) })),
      ),
  }
}

function process(columns: readonly Column<ProcessSample>[]): Family[] {
  return columns.map(([name, type, help, value]) => ({
    name,
    type,
    help,
    points: ({ processes }) => processes.map(one => ({ labels: labelsOf(one), value: value(one) })),
  }))
}

function stalls(name: string, help: string, value: (one: ProcessSample['stalls']['gc']) => number): Family {
  return {
    name,
    type: 'counter',
    help,
    points: ({ processes }) =>
      processes.flatMap(one =>
        Object.entries(one.stalls).map(([cause, stall]) => ({
          labels: { ...labelsOf(one), cause },
          value: value(stall),
        })),
      ),
  }
}

function desk(
  name: string,
  type: 'gauge' | 'counter',
  help: string,
  points: (one: DeskSample) => readonly Point[],
): Family {
  return { name, type, help, points: sample => (sample.desk === undefined ? [] : points(sample.desk)) }
}

function histogram({ hop, count, sumNs, buckets }: HopSample): Point[] {
  return [
    ...buckets.map(([atMost, value]) => ({ suffix: '_bucket', labels: { hop, le: String(atMost / 1e9) }, value })),
    { suffix: '_bucket', labels: { hop, le: '+Inf' }, value: count },
    { suffix: '_sum', labels: { hop }, value: sumNs * NS },
    { suffix: '_count', labels: { hop }, value: count },
  ]
}

function states<S extends string>(
  counts: Readonly<Record<S, number>>,
  wanted: readonly NoInfer<S>[],
): (readonly [S, number])[] {
  return wanted.map(state => [state, counts[state]] as const)
}

function labelsOf({ name, kind }: ProcessSample): Record<string, string> {
  return { process: name, kind }
}

function isBeating({ hasHeartbeat }: ProcessSample): boolean {
  return hasHeartbeat
}

/** Only of processes that write signs of life. */
function beating(value: (one: ProcessSample) => number): (one: ProcessSample) => number | undefined {
  return one => (one.hasHeartbeat ? value(one) : undefined)
}

function undurable({ position, durable }: JournalSample): number | undefined {
  return durable === undefined ? undefined : (position - durable) * SLOT_BYTES
}

function secondsOf(time: bigint | undefined): number | undefined {
  return time === undefined ? undefined : Number(time) / 1e9
}

function scaled(value: number | undefined, by: number): number | undefined {
  return value === undefined ? undefined : value * by
}
