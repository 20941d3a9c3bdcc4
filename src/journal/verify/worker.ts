/** A thread that checks the pages it is sent: the other end of pool.ts. */
import { parentPort, workerData } from 'node:worker_threads'
import { checkPage } from './page.js'
import { type CheckAnswer, type CheckTask, rulesOf } from './pool.js'

const task = workerData as CheckTask
const rules = rulesOf(task)

parentPort?.on('message', (page: number) => parentPort?.postMessage(answer(page)))

function answer(page: number): CheckAnswer {
  try {
    return { report: checkPage(task.directory, page, rules, task.idle) }
  } catch (error) {
    const { message, systemCode = '', path } = error as { message: string; systemCode?: string; path?: string }
    return { failure: { message, systemCode, path } }
  }
}
