import * as fs from 'node:fs'
import { freshDirectory } from './support/journals.js'
import { Process } from './support/process.js'
import type { Answer, Conditions, Question, Target } from './support/question.js'
import { atMost, comparison, latencies, takeTurns, type Way } from './support/rounds.js'
import { median, P50 } from './support/statistics.js'

interface Slept {
  /** ns from the commit until the handler runs. */
  readonly wakeUp: number[]
  /** CPU time used while there were no frames, in percent of one core. */
  readonly idlePercent: number
}

type Sleep = 'for await' | 'event-loop' | 'park'

function way(
  conditions: Conditions,
  writer: Process,
  sleeper: Process,
  how: Sleep,
  frames: number,
  everyMs: number,
  idleMs: number,
): Way<Slept> {
  return {
    name: how === 'for await' ? how : `run, ${how}`,
    async measure() {
      const directory = freshDirectory(conditions, 'memory')
      await writer.call('open', { directory, options: {}, cpu: conditions.cpus[0], waitNext: false })
      const sleeping = await sleeper.begin<Slept>('sleep', { directory, cpu: conditions.cpus[1], how, frames, idleMs })
      await writer.call('trickle', { frames, everyMs, afterMs: idleMs + 50 })
      const slept = await sleeping.result
      await writer.call('close')
      fs.rmSync(directory, { recursive: true })
      return slept
    },
  }
}

export const question: Question = {
  name: 'wake-up',
  title: 'How soon does a sleeping reader wake, and what does its sleep cost?',
  method:
    "A reader in a process of its own sleeps; nothing is written for a while, in which the processor time it uses is counted; then a writer on the other core publishes a frame every few ms, and the reader takes the age of each by the frame's timestamp. " +
    '"for await" and "run, event-loop" are woken in the event loop by the library\'s thread, "run, park" sleeps in the thread itself, in slices of 5 ms.',

  async ask(conditions): Promise<Answer> {
    const { quick } = conditions
    const writer = Process.start('writer')
    const sleeper = Process.start('sleeper')
    try {
      const frames = quick ? 50 : 400
      const idleMs = quick ? 300 : 2000
      const hows: Sleep[] = ['for await', 'event-loop', 'park']
      const turns = await takeTurns(
        conditions,
        hows.map(how => way(conditions, writer, sleeper, how, frames, 3, idleMs)),
      )
      const wake = latencies(
        conditions,
        { ...turns, values: turns.values.map(rounds => rounds.map(round => round.wakeUp)) },
        'Wake-up',
      )
      const p50 = comparison(turns, 'wake-up, p50', 'ns', 'less', round => round.wakeUp[P50])
      const idle = comparison(turns, 'processor time while idle', '% of a core', 'less', round => round.idlePercent)
      const targets: Target[] = [
        atMost(
          'wake-up p50, for await (µs)',
          200,
          median(p50.contenders[0].values) / 1000,
          'A futex wake of another core, its thread, and an event loop that polls: each is a system call and a switch.',
        ),
        atMost(
          'idle for await (% of a core)',
          1,
          median(idle.contenders[0].values),
          'The reader looks once a second; the rest is Node.',
        ),
      ]
      return { comparisons: [p50, idle], latencies: [wake], targets }
    } finally {
      await writer.stop()
      await sleeper.stop()
    }
  },
}
