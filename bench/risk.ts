import type { RiskCosts } from './roles/risk.js'
import { Process } from './support/process.js'
import type { Answer, Question } from './support/question.js'
import { atMost, comparison, takeTurns } from './support/rounds.js'
import { median } from './support/statistics.js'

const FIGURES: readonly [label: string, figure: (costs: RiskCosts) => number][] = [
  ['an order into the book, with check and reserve of every limit', costs => costs.entered],
  ['the same without risk', costs => costs.enteredPlain],
  ['risk alone: check and reserve', costs => costs.entered - costs.enteredPlain],
  ['accepted: the book and risk', costs => costs.accepted],
  ['a fill with a fee: the book, positions, profit and reserves', costs => costs.filled],
  ['cancelled: the book and risk', costs => costs.cancelled],
  ['a quote: profit of all that hold the instrument', costs => costs.quote],
]

export const question: Question = {
  name: 'risk',
  title: 'What do risk and the book of orders cost?',
  method:
    'One process alone: 4 strategies, one account, 4 instruments, every limit set for the desk, each strategy, each instrument and the account, up to 16 open orders. Every 16 orders, 16 quotes with new prices come first. Orders go through one after the other, each step of 16 of them is timed and divided, and the figure is the median: ' +
    'the check, the book and the reserve, in turns with the book alone; then the book and risk when the venue accepts, fills one step of, and cancels the orders. There is no journal and no venue.',

  async ask(conditions): Promise<Answer> {
    const count = conditions.quick ? 200_000 : 1_000_000
    const child = Process.start('risk', ['--expose-gc'])
    try {
      const turns = await takeTurns(conditions, [
        { name: 'ticktape', measure: () => child.call<RiskCosts>('measure', { count, cpu: conditions.cpus[0] }) },
      ])
      const comparisons = FIGURES.map(([label, figure]) => comparison(turns, label, 'ns', 'less', figure))
      for (const { label, contenders } of comparisons)
        conditions.say(`  ${label}: ${median(contenders[0].values).toFixed(1)} ns`)
      const bytes = median(turns.values[0].map(costs => costs.bytes))
      conditions.say(`  bytes allocated by an order's whole life: ${bytes.toFixed(1)}`)
      const limit = 'One process on one core of a shared machine.'
      return {
        comparisons,
        targets: [
          atMost(
            'risk alone, all checks on, per order: check and reserve (ns)',
            250,
            median(comparisons[2].contenders[0].values),
            limit,
          ),
          atMost("bytes allocated by an order's whole life, its object used again", 1, bytes, limit),
        ],
      }
    } finally {
      await child.stop()
    }
  },
}
