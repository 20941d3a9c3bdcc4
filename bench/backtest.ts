import { freshDirectory } from './support/journals.js'
import { Process } from './support/process.js'
import { type Share, sharesTable } from './support/profile.js'
import type { Answer, Question } from './support/question.js'
import { atLeast, comparison, takeTurns, type Way } from './support/rounds.js'
import { median } from './support/statistics.js'

interface Run {
  readonly events: number
  readonly eventsPerSecond: number
  readonly fills: number
  readonly sent: number
  readonly profit: number
  readonly shares?: readonly Share[]
}

export const question: Question = {
  name: 'backtest',
  title: 'How fast is a backtest?',
  method:
    'A journal of quotes and trades of one instrument in memory, four quotes to one trade. One process runs one strategy on it, which looks at every quote and renews two resting orders every thousand: the same desk, risk and journals as live, the exchange with a latency of 1 to 5 ms and the probabilistic place in the queue. ' +
    'Each event is taken alone at its own time, valued, and handled by the strategy before the next one. Each run must have the same fills and the same profit.',

  async ask(conditions): Promise<Answer> {
    const events = conditions.quick ? 2_000_000 : 20_000_000
    const journal = freshDirectory(conditions, 'memory')
    const [cpu] = conditions.cpus
    const writer = Process.start('backtest')
    try {
      await writer.call('write', { journal, events })
      const run = async (isProfiled: boolean): Promise<Run> => {
        const child = Process.start('backtest')
        try {
          return await child.call<Run>('run', { journal, cpu, every: 1000, isProfiled })
        } finally {
          await child.stop()
        }
      }
      const way: Way<Run> = { name: 'two orders every thousand quotes', measure: () => run(false) }
      const turns = await takeTurns(conditions, [way])
      const [[first]] = turns.values
      for (const { events: played, fills, profit } of turns.values.flat()) {
        if (played !== events || fills !== first.fills || profit !== first.profit)
          throw new Error(
            `${played} events, ${fills} fills and ${profit}; the first run had ${first.fills} and ${first.profit}`,
          )
      }
      const speed = comparison(turns, 'market events of a backtest', 'M/s', 'more', one => one.eventsPerSecond / 1e6)
      const perSecond = median(speed.contenders[0].values)
      conditions.say(`  ${perSecond.toFixed(2)} M events/s, ${first.sent} orders, ${first.fills} fills`)
      return {
        comparisons: [speed],
        notes: [
          `${events.toLocaleString('en-US')} events, ${first.sent.toLocaleString('en-US')} orders, ${first.fills.toLocaleString('en-US')} fills in each run.`,
          "Where its processor time goes, by the folder of the functions, as V8's profiler samples one more run:",
          sharesTable('a backtest', (await run(true)).shares ?? []),
        ],
        targets: [
          atLeast(
            'a backtest (M events/s)',
            2,
            perSecond,
            'Each event goes alone through the whole desk, into the sequence and to the strategy, with nothing to share the cost with; the table of where the time goes shows that no part is most of it.',
          ),
        ],
      }
    } finally {
      await writer.call('remove', { journal })
      await writer.stop()
    }
  },
}
