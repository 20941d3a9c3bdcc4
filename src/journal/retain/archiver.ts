import { Worker } from 'node:worker_threads'
import { packageModule } from '../../native/package-files.js'
import { ArchiveError } from '../errors.js'

/** What the archiver's thread is started with: a journal, and the archive of its pages. */
export interface ArchiverTask {
  readonly journal: string
  readonly archive: string
}

/** A page to archive; without one, the thread only checks whether it could archive pages of the journal. */
export interface ArchiverRequest {
  readonly page: number | undefined
  /** When the page was created: another journal may be at the path by now. */
  readonly created: string | undefined
}

/** Why it was not done; nothing when it was. */
export interface ArchiverAnswer {
  readonly failure: { readonly message: string; readonly path: string | undefined } | undefined
}

/** The program of the thread. @throws {BundledError} when a bundle left it behind. */
export function archiverModule(): string {
  return packageModule('data/archive/keeper.js', "option 'archive' of 'retain' of Writer.open")
}

/**
 * The thread that archives pages for a writer's retention, so that the writer's own thread packs none: docs/decisions/0092. It is started by the
 * first request, and does not keep the process alive. One request at a time.
 */
export class Archiver {
  private thread: Worker | undefined
  private settle: ((error?: Error) => void) | undefined

  constructor(private readonly task: ArchiverTask) {}

  /** Makes the archive if there is none. @throws {ArchiveError} when pages of the journal cannot be added to it. */
  check(): Promise<void> {
    return this.ask({ page: undefined, created: undefined })
  }

  /** Resolves once the page is in the archive, compared and durable. @throws {ArchiveError} */
  archive(page: number, created: bigint): Promise<void> {
    return this.ask({ page, created: String(created) })
  }

  /** Ends the thread, whatever it does: what is incomplete then, the next one does again. */
  close(): void {
    void this.thread?.terminate()
  }

  private ask(request: ArchiverRequest): Promise<void> {
    return new Promise((resolve, reject) => {
      this.settle = error => {
        this.settle = undefined
        if (error === undefined) resolve()
        else reject(error)
      }
      this.thread ??= this.start()
      this.thread.postMessage(request)
    })
  }

  private start(): Worker {
    // Without the program's own flags: some of them, such as --input-type, are refused for a thread that has a file.
    const thread = new Worker(archiverModule(), { workerData: this.task, execArgv: [] })
    const { archive } = this.task
    const failed = (what: string, cause?: unknown): ArchiveError =>
      new ArchiveError(`the thread that archives pages into ${archive} ${what}`, { path: archive, cause })
    thread.on('message', ({ failure }: ArchiverAnswer) =>
      this.settle?.(failure && new ArchiveError(failure.message, { path: failure.path ?? archive })),
    )
    thread.on('error', error => this.settle?.(failed(`has failed: ${error.message}`, error)))
    thread.on('exit', () => {
      this.thread = undefined
      this.settle?.(failed('has ended'))
    })
    thread.unref()
    return thread
  }
}
