import { spawnSync } from 'node:child_process'
import * as fs from 'node:fs'
import { freshDirectory } from './support/journals.js'
import { Process } from './support/process.js'
import type { Answer, Conditions, Question, Target } from './support/question.js'
import { atMost, comparison, latencies, ratio, takeTurns, type Way } from './support/rounds.js'
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

/** A bare futex in C++ between two processes on the same two cores: nothing that sleeps wakes sooner. */
function bareWay(conditions: Conditions, frames: number, everyMs: number): Way<Slept> {
  return {
    name: 'C++, bare futex',
    async measure() {
      const words = ['wake', '--cpus', conditions.cpus.join(','), '--frames', frames, '--every-us', everyMs * 1000]
      const { stdout, status } = spawnSync(conditions.baseline as string, words.map(String), { encoding: 'utf8' })
      if (status !== 0) throw new Error(`the baseline ended with ${status}`)
      return { wakeUp: (JSON.parse(stdout) as { percentiles: number[] }).percentiles, idlePercent: 0 }
    },
  }
}

export const question: Question = {
  name: 'wake-up',
  title: 'How soon does a sleeping reader wake, and what does its sleep cost?',
  method:
    "A reader in a separate process sleeps; nothing is written for a while, in which the processor time it uses is counted; then a writer on the other core publishes a frame every few ms, and the reader computes the age of each from the frame's timestamp. " +
    '"for await" and "run, event-loop" are woken in the event loop by the library\'s thread, "run, park" sleeps in the thread itself, in slices of 5 ms. "Bare futex" is a program in C++ that changes a word in shared memory and wakes the process that sleeps on it: the limit.',

  async ask(conditions): Promise<Answer> {
    const { quick } = conditions
    const writer = Process.start('writer')
    const sleeper = Process.start('sleeper')
    try {
      const frames = quick ? 50 : 400
      const idleMs = quick ? 300 : 2000
      const hows: Sleep[] = ['for await', 'event-loop', 'park']
      const ways = hows.map(how => way(conditions, writer, sleeper, how, frames, 3, idleMs))
      const bare = conditions.baseline === undefined ? [] : [bareWay(conditions, frames, 3)]
      const turns = await takeTurns(conditions, [...ways, ...bare])
      const wake = latencies(
        conditions,
        { ...turns, values: turns.values.map(rounds => rounds.map(round => round.wakeUp)) },
        'Wake-up',
      )
      const p50 = comparison(turns, 'wake-up, p50', 'ns', 'less', round => round.wakeUp[P50])
      const ours = { ...turns, names: turns.names.slice(0, hows.length), values: turns.values.slice(0, hows.length) }
      const idle = comparison(ours, 'processor time while idle', '% of a core', 'less', round => round.idlePercent)
      const targets: Target[] = [
        atMost(
          'wake-up p50, for await (µs)',
          200,
          median(p50.contenders[0].values) / 1000,
          'The wake of a futex, of the thread on another core, and of a polling event loop: each is a system call and a context switch.',
        ),
        atMost(
          'idle for await (% of a core)',
          1,
          median(idle.contenders[0].values),
          'The reader looks once a second; the rest is Node.',
        ),
      ]
      const [, inLoop, parked, limit] = p50.contenders
      if (limit !== undefined) {
        targets.push(
          atMost(
            'wake-up p50, park / bare futex',
            1.3,
            ratio(parked, limit),
            'The same system calls, and V8 around them.',
          ),
          atMost(
            'wake-up p50, event loop / bare futex',
            2,
            ratio(inLoop, limit),
            "Two wakes one after the other: the library's thread, then the event loop.",
          ),
        )
      }
      return { comparisons: [p50, idle], latencies: [wake], targets }
    } finally {
      await writer.stop()
      await sleeper.stop()
    }
  },
}
