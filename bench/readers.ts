import * as fs from 'node:fs'
import { freshDirectory } from './support/journals.js'
import { Process } from './support/process.js'
import type { Answer, Conditions, Question } from './support/question.js'
import { atMost, inTurns, ratio, shortly, type Way } from './support/rounds.js'
import { median } from './support/statistics.js'

const MIB = 2 ** 20

/** Half a page of less than 64 MiB: no reader maps a page after it. */
const FRAMES = 480_000

/** The writer's time for each frame in ns, with this many readers and journals. */
function way(conditions: Conditions, writer: Process, followers: readonly Process[], times: number): Way {
  const pageSize = Math.ceil((2 * FRAMES * 64 + 4096) / MIB) * MIB
  const once = async (): Promise<number> => {
    const directory = freshDirectory(conditions, 'memory')
    await writer.call('open', {
      directory,
      options: { pageSize, timestamps: false },
      cpu: conditions.cpus[0],
      waitNext: true,
    })
    for (const follower of followers) await follower.call('open', { directory, cpu: conditions.cpus[1] })
    const { start, end } = await writer.call<{ start: number; end: number }>('write', {
      frames: FRAMES,
      size: 64,
      batch: 1,
    })
    await Promise.all(followers.map(follower => follower.call('finish', { frames: FRAMES })))
    await writer.call('close')
    fs.rmSync(directory, { recursive: true })
    return end - start
  }
  return {
    name: followers.length === 1 ? '1 reader' : `${followers.length} readers`,
    async measure() {
      let ns = 0
      for (let time = 0; time < times; time++) ns += await once()
      return ns / (FRAMES * times)
    },
  }
}

export const question: Question = {
  name: 'readers',
  title: 'What do more readers cost the writer?',
  method:
    "One writer publishes each frame into a prepared page on one core; the given number of reader processes share the other core, each polling from a 1 ms timer of its event loop and checking each sequence number. The figure is the writer's time divided by its frames.",

  async ask(conditions): Promise<Answer> {
    const counts = [1, 2, 4, 10, 20]
    const times = conditions.quick ? 2 : 5
    const writer = Process.start('writer')
    const followers = Array.from({ length: 20 }, () => Process.start('follower'))
    try {
      const ways = counts.map(count => way(conditions, writer, followers.slice(0, count), times))
      // All of them compile while they run, on both cores.
      for (const most of [ways[ways.length - 1], ways[ways.length - 1], ways[0]]) await most.measure()
      const cost = await inTurns(conditions, 'writer, each frame published', 'ns per frame', 'less', ways)
      const many = cost.contenders[cost.contenders.length - 1]
      return {
        comparisons: [cost],
        targets: [
          atMost(
            "writer's cost per frame, 20 readers / 1 reader",
            1.2,
            ratio(many, cost.contenders[0]),
            `from ${shortly(Math.min(...many.values))} to ${shortly(Math.max(...many.values))} ns per frame with 20 readers in the single rounds, from ${shortly(Math.min(...cost.contenders[0].values))} to ${shortly(Math.max(...cost.contenders[0].values))} with one. No reader stores to a word that the writer reads; 21 processes on ${conditions.cpus[0] === conditions.cpus[1] ? 'one core' : 'two cores'} also have threads of V8 and of the library, which run on the writer's core too.`,
          ),
        ],
        plots: [
          {
            file: 'readers.svg',
            title: "The writer's time for a frame, by readers",
            kind: 'lines',
            y: 'ns per frame',
            logarithmic: false,
            x: counts.map(String),
            panels: [{ title: '', ways: [{ name: 'ticktape', values: cost.contenders.map(c => median(c.values)) }] }],
          },
        ],
      }
    } finally {
      for (const process of [writer, ...followers]) await process.stop()
    }
  },
}
