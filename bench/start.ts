import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Answer, Question } from './support/question.js'
import { atMost, inTurns, type Way } from './support/rounds.js'
import { median } from './support/statistics.js'

const ROOT = join(import.meta.dirname, '..')

/** A process that imports one module and ends: the time until it is gone, in ms. */
function starting(name: string, module: string | undefined): Way {
  const code = module === undefined ? '' : `await import(${JSON.stringify(pathToFileURL(join(ROOT, module)).href)})`
  return {
    name,
    measure: async () => {
      const start = performance.now()
      const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', code], { encoding: 'utf8' })
      if (status !== 0) throw new Error(`a process that imports ${module} failed: ${stderr}`)
      return performance.now() - start
    },
  }
}

export const question: Question = {
  name: 'start',
  title: 'What does an import cost?',
  method:
    'A process that imports one module and ends, beside one that imports nothing: wall time until it is gone. The package has its modules in a few files (`dist/chunks`); for comparison, the same modules in a file each.',

  async ask(conditions): Promise<Answer> {
    const ways = [
      starting('ticktape/runtime', 'dist/public/runtime.js'),
      starting('ticktape/runtime, a file for each module', 'build-ts/public/runtime.js'),
      starting('ticktape', 'dist/public/index.js'),
      starting('ticktape, a file for each module', 'build-ts/public/index.js'),
      starting('bare Node', undefined),
    ]
    for (const way of ways) await way.measure()
    const row = await inTurns(conditions, 'start and import', 'ms', 'less', ways)
    const [runtime, , , , bare] = row.contenders.map(({ values }) => median(values))
    return {
      comparisons: [row],
      targets: [
        atMost(
          "import of ticktape/runtime, less a bare Node's start (ms)",
          50,
          runtime - bare,
          'reading, compiling and evaluating a megabyte of code',
        ),
      ],
    }
  },
}
