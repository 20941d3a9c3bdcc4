/** A thread that packs the pages it is sent: the other end of pool.ts. */
import { parentPort, workerData } from 'node:worker_threads'
import { Schema } from '../../frames/schema.js'
import { archivePage } from './archive-page.js'
import type { ArchiveAnswer, ArchiveTask } from './pool.js'

const task = workerData as ArchiveTask
const schema = Schema.parse(task.schema, task.journal)

parentPort?.on('message', (page: number) => parentPort?.postMessage(answer(page)))

function answer(page: number): ArchiveAnswer {
  try {
    return { page: archivePage(task.journal, page, task.to, schema) }
  } catch (error) {
    const { message, path } = error as { message: string; path?: string }
    return { failure: path === undefined ? { message } : { message, path } }
  }
}
