import { native } from '../../dist/native/index.js'

/** Runs the tasks that the benchmark's main process sends, until that process ends. */
export function serve(tasks: Tasks): void {
  process.on('message', message => void doTask(tasks, message as { task: string; argument: never }))
  process.on('disconnect', () => process.exit())
}

type Tasks = Readonly<Record<string, (argument: never) => unknown>>

async function doTask(tasks: Tasks, { task, argument }: { task: string; argument: never }): Promise<void> {
  try {
    if (!Object.hasOwn(tasks, task)) throw new Error(`no task '${task}'`)
    const result = await tasks[task](argument)
    process.send?.({ result: result ?? null })
  } catch (error) {
    process.send?.({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) })
  }
}

/** Reports that the task has begun and that the measurement may start. */
export function sayReady(): void {
  process.send?.({ ready: true })
}

/** Binds this thread to a core; threads that it has already started are not bound. */
export function pinTo(cpu: number): void {
  native.setAffinity([cpu])
}

/** The cores that the process may use. */
const allowed = native.getAffinity()

/** Undoes `pinTo`. */
export function unpin(): void {
  native.setAffinity(allowed)
}

/** ns; the same clock in every process. */
export function ticks(): number {
  return Number(process.hrtime.bigint())
}

/** Blocks for some ms. */
export function nap(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
}
