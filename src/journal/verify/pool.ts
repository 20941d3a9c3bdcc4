import { availableParallelism } from 'node:os'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { Schema } from '../../frames/schema.js'
import { packageModule, packageRoot } from '../../native/package-files.js'
import { JournalSystemError } from '../errors.js'
import { FrameRules } from './frames.js'
import { checkPage, type PageReport } from './page.js'

/** The input for checking pages. It is sent between threads. */
export interface CheckTask {
  readonly directory: string
  /** The text of a valid schema.json; undefined when it cannot be read. */
  readonly schema: string | undefined
  readonly lostTypes: readonly number[]
  /** The numbers in instruments.json; undefined when it cannot be read. */
  readonly instruments: readonly number[] | undefined
  readonly deep: boolean
  readonly idle: boolean
}

/** The answer of a thread. */
export type CheckAnswer =
  | { readonly report: PageReport }
  | { readonly failure: { readonly message: string; readonly systemCode: string; readonly path: string | undefined } }

/** For fewer bytes than this, starting threads takes longer than the time they save. */
const WORTH_THREADS = 64 * 1024 * 1024

/** The maximum number of threads: the cores of a trading machine are needed for other work. */
const MOST_THREADS = 8

/** Makes the rules of a task, once per thread. */
export function rulesOf(task: CheckTask): FrameRules {
  const schema = task.schema === undefined ? undefined : Schema.parse(task.schema, task.directory)
  return new FrameRules(schema, task.lostTypes, task.deep, schema !== undefined, task.instruments)
}

/**
 * Checks pages, on several threads when there is much to read. Reports come in the order of the pages.
 *
 * @param pageBytes the approximate size of a page in bytes.
 * @param onPage called after each page.
 */
export async function checkPages(
  task: CheckTask,
  pages: readonly number[],
  pageBytes: number,
  onPage: () => void,
): Promise<PageReport[]> {
  // In a bundle there is no file that a thread could run.
  const threads = packageRoot === undefined ? 1 : Math.min(MOST_THREADS, availableParallelism(), pages.length)
  if (threads > 1 && pages.length * pageBytes >= WORTH_THREADS) return checkInThreads(task, pages, threads, onPage)
  const rules = rulesOf(task)
  const reports: PageReport[] = []
  for (const page of pages) {
    reports.push(checkPage(task.directory, page, rules, task.idle))
    onPage()
    await nextTurn() // lets the event loop handle signals and the progress line
  }
  return reports
}

async function checkInThreads(
  task: CheckTask,
  pages: readonly number[],
  threads: number,
  onPage: () => void,
): Promise<PageReport[]> {
  const reports: PageReport[] = []
  const module = packageModule('journal/verify/worker.js', 'Checking a journal in several threads')
  let next = 0
  const workers: Worker[] = []
  const work = (worker: Worker): Promise<void> =>
    new Promise((resolve, reject) => {
      let index = -1
      const ask = (): void => {
        index = next++
        if (index < pages.length) worker.postMessage(pages[index])
        else resolve()
      }
      worker.on('error', reject)
      worker.on('exit', code =>
        reject(
          new JournalSystemError(`a thread that checked ${task.directory} ended with ${code}`, '', {
            path: task.directory,
          }),
        ),
      )
      worker.on('message', (answer: CheckAnswer) => {
        if ('failure' in answer) {
          const { message, systemCode, path } = answer.failure
          reject(new JournalSystemError(message, systemCode, { path }))
          return
        }
        reports[index] = answer.report
        onPage()
        ask()
      })
      ask()
    })
  try {
    for (let i = 0; i < threads; i++) workers.push(new Worker(module, { workerData: task }))
    await Promise.all(workers.map(work))
  } finally {
    await Promise.all(workers.map(worker => worker.terminate()))
  }
  return reports
}
