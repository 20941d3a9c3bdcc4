import { spawnSync } from 'node:child_process'
import { dirname } from 'node:path'
import { freshDirectory } from './support/journals.js'
import { Process } from './support/process.js'
import type { Answer, Conditions, Question } from './support/question.js'
import { remove } from './support/recorded.js'
import { atLeast, atMost, comparison, shortly, takeTurns, type Way } from './support/rounds.js'
import { median } from './support/statistics.js'

/** What one strategy gave, in TypeScript or in Python. */
interface Reading {
  /** Events a second, as fast as the gateway gives them. */
  readonly perSecond: number
  /** µs: the age of events in the handler. */
  readonly p50: number
  readonly p99: number
}

const RATE = 20_000

async function run<T>(
  conditions: Conditions,
  strategy: string,
  file: string,
  events: number,
  rate: number,
): Promise<T> {
  const gateway = Process.start('gateway')
  const home = freshDirectory(conditions, 'memory')
  try {
    const task = { home, strategy, file, events, rate, count: events, every: 0, cpu: undefined, wait: 'spin' }
    const { result } = await gateway.call<{ result: T }>('run', task)
    return result
  } finally {
    await gateway.stop()
    remove(home)
    remove(`${dirname(home)}/result`)
  }
}

function language(conditions: Conditions, name: string, extension: string): Way<Reading> {
  const events = conditions.quick ? 200_000 : 1_000_000
  const paced = RATE * (conditions.quick ? 2 : 5)
  return {
    name,
    async measure() {
      const { ms } = await run<{ ms: number }>(conditions, 'reader', `reader.${extension}`, events, 0)
      const { percentiles } = await run<{ percentiles: number[] }>(conditions, 'age', `age.${extension}`, paced, RATE)
      return { perSecond: (events / ms) * 1000, p50: percentiles[0], p99: percentiles[1] }
    },
  }
}

export const question: Question = {
  name: 'python',
  title: 'What does a strategy in Python cost?',
  method: `A gateway with a feed of typed events prepared in memory, and one strategy process, in TypeScript or in Python; both processes spin. Events a second: as fast as the gateway gives them, the order of all is checked. Age: at ${RATE.toLocaleString('en-US')} events a second, from the time of the event's frame until the handler runs, of the second half of the events.`,

  async ask(conditions): Promise<Answer> {
    const ways = [language(conditions, 'TypeScript', 'js')]
    if (spawnSync(process.env['PYTHON'] ?? 'python3', ['--version']).status === 0)
      ways.push(language(conditions, 'Python', 'py'))
    else conditions.say('  Python is left out: there is no python3')
    const turns = await takeTurns(conditions, ways)
    const perSecond = comparison(turns, 'market events to one strategy', 'events/s', 'more', r => r.perSecond)
    const p50 = comparison(turns, 'age of an event in the handler, p50', 'µs', 'less', r => r.p50)
    const p99 = comparison(turns, 'age of an event in the handler, p99', 'µs', 'less', r => r.p99)
    const comparisons = [perSecond, p50, p99]
    for (const { label, unit, contenders } of comparisons)
      conditions.say(`  ${label}: ${contenders.map(c => `${c.name} ${shortly(median(c.values))}`).join(', ')} ${unit}`)
    const limit = "CPython's interpreter: every event is a few calls of Python."
    const python = ways.length - 1
    return {
      comparisons,
      targets:
        python === 0
          ? []
          : [
              atLeast('events/s to a strategy in Python', 300_000, median(perSecond.contenders[python].values), limit),
              atMost('age in a handler in Python, p50 (µs)', 10, median(p50.contenders[python].values), limit),
            ],
    }
  },
}
