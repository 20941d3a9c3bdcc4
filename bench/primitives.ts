import * as fs from 'node:fs'
import { join } from 'node:path'
import { Baseline } from './support/baseline.js'
import { Process } from './support/process.js'
import type { Answer, Comparison, Conditions, Question } from './support/question.js'
import { shortly, takeTurns } from './support/rounds.js'
import { median } from './support/statistics.js'

interface Appended {
  readonly writing: number
  readonly looking: number
  readonly inVain: number
}

interface ByHand {
  readonly stores: number
  readonly announcing: number
  readonly reading: number
  readonly clock: number
  readonly systemClock: number
}

/** The results of one round, in ns. */
interface Round {
  readonly plain: Appended
  readonly stamped: Appended
  readonly hand: ByHand
  readonly cpp: { readonly writing: number; readonly reading: number }
  readonly cppStamped: { readonly writing: number; readonly reading: number }
}

/** C++ with no process on the other side. Returns ns per frame. */
async function inCpp(
  conditions: Conditions,
  program: string,
  frames: number,
  words: readonly string[] = [],
): Promise<{ writing: number; reading: number }> {
  const directory = join(conditions.memory, 'primitives-cpp')
  const pageSize = Math.ceil((frames * 64 + 4096) / 2 ** 20) * 2 ** 20
  const writer = new Baseline(program, [
    'write',
    directory,
    '--frames',
    frames,
    '--page',
    pageSize,
    '--cpu',
    conditions.cpus[0],
    '--wait-next',
    ...words,
  ])
  await writer.ready()
  writer.go()
  const written = await writer.result<{ start: number; end: number }>()
  await writer.end()
  const reader = new Baseline(program, ['read', directory, '--frames', frames, '--cpu', conditions.cpus[0]])
  await reader.ready()
  const read = await reader.result<{ start: number; end: number }>()
  await reader.end()
  fs.rmSync(directory, { recursive: true })
  return { writing: (written.end - written.start) / frames, reading: (read.end - read.start) / frames }
}

export const question: Question = {
  name: 'primitives',
  title: 'What does one frame cost on one core?',
  method:
    'One process, no other process at the journal, prepared pages, frames of 64 bytes with four fields. "By hand" is a loop of the same stores to the same kind of mapping, without library, checks or handlers: the best that V8 can do. ' +
    'Stores that are announced publish the cursor with an ordinary store and then check for sleepers, as the library does on x64. The difference to stores without that check is the cost of the announcement.',

  async ask(conditions): Promise<Answer> {
    const frames = conditions.quick ? 500_000 : 2_000_000
    const { baseline, memory } = conditions
    const child = Process.start('primitives')
    let journals = 0
    const append = async (timestamps: boolean): Promise<Appended> => {
      const directory = `primitives-${++journals}`
      const appended = await child.call<Appended>('append', { folder: memory, directory, frames, timestamps })
      fs.rmSync(join(memory, directory), { recursive: true })
      return appended
    }
    const byHand = (): Promise<ByHand> => child.call<ByHand>('byHand', { folder: memory, frames })
    try {
      await append(false)
      await child.call('pin', { cpu: conditions.cpus[0] })
      await append(false)
      await byHand()
      const nothing = { writing: 0, reading: 0 }
      const turns = await takeTurns<Round>(conditions, [
        {
          name: 'all',
          measure: async () => ({
            plain: await append(false),
            hand: await byHand(),
            stamped: await append(true),
            cpp: baseline === undefined ? nothing : await inCpp(conditions, baseline, frames),
            cppStamped: baseline === undefined ? nothing : await inCpp(conditions, baseline, frames, ['--timestamps']),
          }),
        },
      ])
      const compare = (
        label: string,
        unit: string,
        ways: readonly (readonly [string, (round: Round) => number])[],
      ): Comparison => {
        const contenders = ways
          .filter(([name]) => name !== 'C++' || baseline !== undefined)
          .map(([name, figure]) => ({ name, values: turns.values[0].map(figure) }))
        conditions.say(
          `  ${label}: ${contenders.map(c => `${c.name} ${shortly(median(c.values))}`).join(', ')} ${unit}`,
        )
        return { label, unit, better: 'less', contenders, lineNs: [], repeated: turns.repeated }
      }
      return {
        comparisons: [
          compare('append', 'ns per frame', [
            ['ticktape', round => round.plain.writing],
            ['stores by hand, announced', round => round.hand.announcing],
            ['stores by hand, not announced', round => round.hand.stores],
            ['C++', round => round.cpp.writing],
          ]),
          compare('append with timestamps', 'ns per frame', [
            ['ticktape', round => round.stamped.writing],
            ['C++', round => round.cppStamped.writing],
          ]),
          compare('read', 'ns per frame', [
            ['ticktape', round => round.plain.looking],
            ['loads by hand', round => round.hand.reading],
            ['C++', round => round.cpp.reading],
          ]),
          compare('a reading of the clock', 'ns', [
            ['ticktape', round => round.hand.clock],
            ['asking the system', round => round.hand.systemClock],
          ]),
          compare('a poll that finds nothing', 'ns', [['ticktape', round => round.plain.inVain]]),
        ],
      }
    } finally {
      await child.stop()
    }
  },
}
