import type { MatchingCosts, SettlementCosts } from './roles/matching.js'
import { buildCpp, runCpp } from './support/cpp-program.js'
import { Process } from './support/process.js'
import type { Answer, Question } from './support/question.js'
import { atLeast, atMost, comparison, latencies, takeTurns, type Way } from './support/rounds.js'
import { median, P50, P99 } from './support/statistics.js'

interface Costs extends Pick<MatchingCosts, 'each' | 'percentiles' | 'fills' | 'checksum'> {
  readonly allocated?: number
}

const ACCOUNTS = 10_000

export const question: Question = {
  name: 'matching',
  title: 'How fast does the simulated exchange match and settle?',
  method:
    'One process, one instrument, 16 accounts with fees and positions, requests prepared in memory: every second one is a cancel, prices follow a walk, a quarter of the orders trade. Each request goes through the public interface and its events are counted. ' +
    'A first pass warms up. Requests a second are the median of slices of 2,000 requests, the latency of each request in another pass with two readings of the clock. C++ does the same requests with 128-bit integers, and both must have the same fills. ' +
    `Settlement: ${ACCOUNTS.toLocaleString('en-US')} accounts with margin and a position each, settled to a new price 50 times.`,

  async ask(conditions): Promise<Answer> {
    const count = conditions.quick ? 200_000 : 1_000_000
    const [cpu] = conditions.cpus
    const program = buildCpp('matching')
    const ways: Way<Costs>[] = [{ name: 'ticktape', measure: () => inNode<MatchingCosts>('matching', { count, cpu }) }]
    if (program !== undefined)
      ways.push({ name: 'C++', measure: async () => runCpp(program, ['--count', count, '--cpu', cpu]) as Costs })
    const turns = await takeTurns(conditions, ways)
    const [[first]] = turns.values
    for (const { fills, checksum } of turns.values.flat()) {
      if (fills !== first.fills || checksum !== first.checksum)
        throw new Error(`different fills: ${fills} and ${first.fills}, ${checksum} and ${first.checksum}`)
    }
    const requests = comparison(turns, 'requests, one instrument', 'M/s', 'more', ({ each }) => 1000 / each)
    const each = latencies(
      conditions,
      { ...turns, values: turns.values.map(rounds => rounds.map(round => round.percentiles)) },
      'one request',
    )
    const settled = await takeTurns(conditions, [
      {
        name: 'ticktape',
        measure: () => inNode<SettlementCosts>('settlement', { accounts: ACCOUNTS, cpu }),
      },
    ])
    const settlement = comparison(
      settled,
      `settlement of ${ACCOUNTS} accounts`,
      'M accounts/s',
      'more',
      ({ rate }) => rate / 1e6,
    )
    const [percentiles] = each.ways.map(way => way.percentiles)
    const allocated = median(turns.values[0].map(costs => costs.allocated ?? 0))
    conditions.say(
      `  ${requests.contenders.map(c => `${c.name} ${median(c.values).toFixed(2)}`).join(', ')} M requests/s; ${allocated.toFixed(1)} bytes each; settlement ${median(settlement.contenders[0].values).toFixed(2)} M accounts/s`,
    )
    const limit = 'One process on one core of a shared machine; what C++ takes for the same requests is beside it.'
    return {
      comparisons: [requests, settlement],
      latencies: [each],
      notes: [
        `${first.fills.toLocaleString('en-US')} fills in each pass; ${allocated.toFixed(1)} bytes of the heap for each request.`,
      ],
      targets: [
        atMost('matching, p50 (ns)', 500, percentiles[P50], limit),
        atMost('matching, p99 (ns)', 3000, percentiles[P99], limit),
        atLeast('matching (M requests/s)', 1.5, median(requests.contenders[0].values), limit),
        atLeast('settlement (accounts/s)', 100_000, median(settlement.contenders[0].values) * 1e6, limit),
        atMost('settlement, resident memory (MB)', 300, median(settled.values[0].map(({ memory }) => memory)), limit),
      ],
    }
  },
}

async function inNode<T>(task: string, argument: object): Promise<T> {
  const child = Process.start('matching')
  try {
    return await child.call<T>(task, argument)
  } finally {
    await child.stop()
  }
}
