import { oursWay as roundTripWay } from './round-trip.js'
import { missing, PEERS_KNOWN, Peer, type PeerKind } from './support/peers.js'
import { Process } from './support/process.js'
import type { Answer, Conditions, Question, Target } from './support/question.js'
import { atLeast, comparison, latencies, ratio, takeTurns, type Way } from './support/rounds.js'
import { median, P50 } from './support/statistics.js'
import { oursWay as throughputWay } from './throughput.js'

interface Carried {
  /** M messages/s. */
  readonly rate: number
  /** ns at SHARES. */
  readonly roundTrip: readonly number[]
}

/** The number of messages and of round trips in one round. Each takes a few tenths of a second. */
function counts(kind: PeerKind, quick: boolean): { readonly messages: number; readonly questions: number } {
  const polled = kind.transport === 'disruptor' || kind.transport === 'shared-ring'
  const share = quick ? 0.2 : 1
  return { messages: (polled ? 1_000_000 : 100_000) * share, questions: (polled ? 50_000 : 5000) * share }
}

function peerWay(kind: PeerKind, peer: Peer, quick: boolean): Way<Carried> {
  const { messages, questions } = counts(kind, quick)
  return {
    name: kind.name,
    measure: async () => ({ rate: await peer.throughput(messages), roundTrip: await peer.roundTrip(questions) }),
  }
}

/** ticktape in the same form: the round trip with a loop over `poll`, and with the event loop, which most of the others need. */
function ourWays(conditions: Conditions, processes: readonly [Process, Process, Process, Process]): Way<Carried>[] {
  const [writer, reader, ping, pong] = processes
  const { quick } = conditions
  const variant = {
    label: '',
    frames: quick ? 1_000_000 : 4_000_000,
    size: 64,
    batch: 1,
    timestamps: false,
    pages: 'prepared',
    where: 'memory',
  } as const
  const rate = throughputWay(conditions, variant, writer, reader)
  return (['poll', 'event-loop'] as const).map(how => {
    const trip = roundTripWay(conditions, how, { count: quick ? 20_000 : 100_000, timestamps: false }, ping, pong)
    return {
      name: how === 'poll' ? 'ticktape' : 'ticktape, event loop',
      measure: async () => ({ rate: await rate.measure(), roundTrip: await trip.measure() }),
    }
  })
}

export const question: Question = {
  name: 'transports',
  title: 'How does it compare with other transports for messages in Node?',
  method:
    'Messages of 64 bytes (an object with as many fields where JSON is the format), each sent separately, with the batching that the transport does by default; the receiver checks every sequence number and field. Rate: from the first send until the last is checked. Round trip: one question, one answer, at a time. ' +
    'The two sides are pinned to the two cores; servers run wherever the scheduler puts them. Journals keep all messages; of the others only Redis streams do.',

  async ask(conditions): Promise<Answer> {
    const notes: string[] = []
    const peers: { readonly kind: PeerKind; readonly peer: Peer }[] = []
    const processes = [
      Process.start('writer'),
      Process.start('reader'),
      Process.start('echo'),
      Process.start('echo'),
    ] as const
    try {
      for (const kind of PEERS_KNOWN) {
        const why = missing(kind)
        if (why !== undefined) {
          notes.push(`${kind.name} was left out: ${why}.`)
          conditions.say(`  ${kind.name} is left out: ${why}`)
          continue
        }
        peers.push({ kind, peer: await Peer.start(kind, conditions.memory, conditions.cpus) })
      }
      const ours = ourWays(conditions, processes)
      const ways = [...ours, ...peers.map(({ kind, peer }) => peerWay(kind, peer, conditions.quick))]
      // The first run lets V8 compile.
      for (const way of ways) await way.measure()
      const turns = await takeTurns(conditions, ways)
      const rate = comparison(turns, 'one way', 'M messages/s', 'more', carried => carried.rate)
      const p50 = comparison(turns, 'round trip, p50', 'ns', 'less', carried => carried.roundTrip[P50])
      for (const { name, values } of rate.contenders)
        conditions.say(`  ${name}: ${median(values).toFixed(3)} M messages/s`)
      const trips = latencies(
        conditions,
        { ...turns, values: turns.values.map(rounds => rounds.map(round => round.roundTrip)) },
        'Round trip',
      )

      const betweenProcesses = new Set(
        peers.filter(({ kind }) => kind.between === 'processes').map(({ kind }) => kind.name),
      )
      const targets: Target[] = []
      const others = rate.contenders.filter(({ name }) => betweenProcesses.has(name))
      if (others.length > 0) {
        const best = others.reduce((a, b) => (median(a.values) >= median(b.values) ? a : b))
        targets.push(
          atLeast(
            `throughput, ours / the best per-message Node peer (${best.name})`,
            5,
            ratio(rate.contenders[0], best),
            'See the table: all transports were measured in the same rounds.',
          ),
        )
        const soonest = p50.contenders
          .filter(({ name }) => betweenProcesses.has(name))
          .reduce((a, b) => (median(a.values) <= median(b.values) ? a : b))
        targets.push(
          atLeast(
            `round trip p50, best Node peer between processes (${soonest.name}) / ours`,
            8,
            ratio(soonest, p50.contenders[0]),
            'See the table: all transports were measured in the same rounds.',
          ),
        )
      }
      return {
        comparisons: [rate, p50],
        latencies: [trips],
        notes,
        targets,
        plots: [
          {
            file: 'transports.svg',
            title: 'One way, messages of 64 bytes',
            kind: 'bars',
            y: 'M messages/s',
            logarithmic: true,
            x: rate.contenders
              .slice(0, 1)
              .concat(rate.contenders.slice(2))
              .map(({ name }) => name),
            panels: [
              {
                title: '',
                ways: [
                  {
                    name: 'M messages/s',
                    values: rate.contenders
                      .slice(0, 1)
                      .concat(rate.contenders.slice(2))
                      .map(({ values }) => median(values)),
                  },
                ],
              },
            ],
          },
        ],
      }
    } finally {
      for (const { peer } of peers) await peer.stop()
      for (const process of processes) await process.stop()
    }
  },
}
