/** The thread that archives the pages that a writer's retention sends: the other end of journal/retain/archiver.ts. */
import { parentPort, workerData } from 'node:worker_threads'
import type { ArchiverAnswer, ArchiverRequest, ArchiverTask } from '../../journal/retain/archiver.js'
import { native } from '../../native/index.js'
import { keepPage } from './keep-page.js'

const task = workerData as ArchiverTask

// The writer's thread may be bound to a core, or have the highest priority: this one must not be in its way.
native.becomeHelper()

parentPort?.on('message', (request: ArchiverRequest) => {
  void answerOf(request).then(answer => parentPort?.postMessage(answer))
})

async function answerOf(request: ArchiverRequest): Promise<ArchiverAnswer> {
  try {
    await keepPage(task, request)
    return { failure: undefined }
  } catch (error) {
    const { message, path } = error as { readonly message: string; readonly path?: string }
    const what =
      request.page === undefined
        ? `pages cannot be archived in ${task.archive}`
        : `page ${request.page} cannot be archived in ${task.archive}`
    return { failure: { message: `${what}: ${message}`, path } }
  }
}
