import { dirname } from 'node:path'
import { freshDirectory } from './support/journals.js'
import { Process } from './support/process.js'
import type { Answer, Conditions, Question } from './support/question.js'
import { remove } from './support/recorded.js'
import { atLeast, atMost, comparison, shortly, takeTurns, type Way } from './support/rounds.js'
import { median } from './support/statistics.js'

/** What one run of many strategies gave. */
interface Crowd {
  /** Events a second, from the first event that any strategy had to the last one that each had. */
  readonly delivered: number
  /** Events that were missing, doubled or out of order. */
  readonly wrong: number
  /** ms: the age of events in their handlers, median over the strategies of their p99. */
  readonly p99: number
  /** s until all were ready; and until as many Node processes that do nothing were. */
  readonly startS: number
  readonly bareS: number
  /** MB of memory of each strategy: its own, and its part of what is shared. */
  readonly pss: number
}

const RATE = 20_000

/** @param rate events a second; 0: as fast as possible. */
function crowd(conditions: Conditions, strategies: number, events: number, rate: number): Way<Crowd> {
  return {
    name: `${strategies} strategies${rate === 0 ? ', full speed' : ''}`,
    async measure() {
      const gateway = Process.start('gateway')
      const home = freshDirectory(conditions, 'memory')
      try {
        return await gateway.call<Crowd>('crowd', { home, strategies, events, rate })
      } finally {
        await gateway.stop()
        remove(home)
        remove(`${dirname(home)}/result`)
      }
    },
  }
}

export const question: Question = {
  name: 'strategies',
  title: 'How many strategies can a desk have on few cores?',
  method: `A gateway and so many strategies, a process each, all in event-loop mode on all cores of this machine; nothing is bound. The feed has typed events prepared in memory, ${RATE.toLocaleString('en-US')} a second or as many as possible. Each strategy checks that it gets each event, in order. "Start" is from \`Gateway.start\` until every strategy is ready, less the time until as many Node processes that do nothing are, in the same round. Memory is the proportional set size (PSS) after the start.`,

  async ask(conditions): Promise<Answer> {
    const { quick } = conditions
    const seconds = quick ? 1 : 5
    const ways = [
      crowd(conditions, 20, RATE * seconds, RATE),
      crowd(conditions, 20, quick ? 100_000 : 500_000, 0),
      crowd(conditions, 50, RATE * seconds, RATE),
    ]
    const turns = await takeTurns(conditions, ways)
    const row = (label: string, unit: string, better: 'more' | 'less', figure: (c: Crowd) => number) =>
      comparison(turns, label, unit, better, figure)
    const delivered = row('delivered to each strategy', 'events/s', 'more', c => c.delivered)
    const wrong = row('events missing or out of order', '', 'less', c => c.wrong)
    const p99 = row('age in the handler, p99', 'ms', 'less', c => c.p99)
    const start = row('start until all are ready, less bare Nodes', 's', 'less', c => c.startS - c.bareS)
    const bare = row('as many Nodes that do nothing', 's', 'less', c => c.bareS)
    const pss = row('memory of one strategy (PSS)', 'MB', 'less', c => c.pss)
    const comparisons = [delivered, wrong, p99, start, bare, pss]
    for (const { label, unit, contenders } of comparisons)
      conditions.say(`  ${label}: ${contenders.map(c => `${c.name} ${shortly(median(c.values))}`).join(', ')} ${unit}`)
    const [twenty, fast, fifty] = [0, 1, 2]
    const of = ({ contenders }: (typeof comparisons)[0], way: number): number => median(contenders[way].values)
    const limit = 'As many processes share the cores, and every event is handled by each.'
    return {
      comparisons,
      targets: [
        atMost('20 strategies at 20,000 events/s, p99 age (ms)', 10, of(p99, twenty), limit),
        atLeast('20 strategies at 20,000 events/s, delivered', RATE * 0.99, of(delivered, twenty), limit),
        atLeast('20 strategies at full speed (events/s)', 250_000, of(delivered, fast), limit),
        atLeast('50 strategies at 20,000 events/s, delivered', RATE * 0.99, of(delivered, fifty), limit),
        atMost(
          'events missing or out of order',
          0,
          wrong.contenders.reduce((sum, { values }) => sum + Math.max(...values), 0),
          limit,
        ),
        atMost('start of 20 strategies, less 20 bare Nodes (s)', 1, of(start, twenty), limit),
        atMost('memory of one strategy (MB, PSS)', 35, of(pss, twenty), limit),
      ],
    }
  },
}
