import { Worker } from 'node:worker_threads'
import { Schema } from '../../frames/schema.js'
import { ArchiveError } from '../../journal/errors.js'
import { packageModule, packageRoot } from '../../native/package-files.js'
import { type ArchivedPage, archivePage } from './archive-page.js'

export interface ArchiveTask {
  readonly journal: string
  readonly to: string
  /** The text of schema.json. */
  readonly schema: string
}

export type ArchiveAnswer =
  | { readonly page: ArchivedPage }
  | { readonly failure: { readonly message: string; readonly path?: string } }

/** Packs pages on a thread, so that this one can do other work. In a bundle there is no file that a thread could run. */
export class PagePacker {
  private readonly worker: Worker | undefined
  private readonly schema: Schema

  constructor(private readonly task: ArchiveTask) {
    this.schema = Schema.parse(task.schema, task.journal)
    if (packageRoot !== undefined)
      this.worker = new Worker(packageModule('data/archive/worker.js', 'Archiving a journal on a thread'), {
        workerData: task,
      })
  }

  /** @throws as `archivePage`. */
  pack(number: number): Promise<ArchivedPage> {
    const { worker, task } = this
    if (worker === undefined) return Promise.resolve(archivePage(task.journal, number, task.to, this.schema))
    return new Promise((resolve, reject) => {
      const done = (action: () => void): void => {
        worker.off('message', onMessage).off('error', onError).off('exit', onExit)
        action()
      }
      const onMessage = (answer: ArchiveAnswer): void =>
        done(() => {
          if ('page' in answer) resolve(answer.page)
          else reject(new ArchiveError(answer.failure.message, { path: answer.failure.path }))
        })
      const onError = (error: Error): void => done(() => reject(error))
      const onExit = (): void => done(() => reject(new ArchiveError('the thread that packs pages has ended')))
      worker.on('message', onMessage).on('error', onError).on('exit', onExit)
      worker.postMessage(number)
    })
  }

  async close(): Promise<void> {
    await this.worker?.terminate()
  }
}
