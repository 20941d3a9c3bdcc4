import { native } from '../../dist/native/index.js'

/** Does what the benchmark's main process asks for, until that goes. */
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

/** Says that the task has begun: what is to be measured may come now. */
export function sayReady(): void {
  process.send?.({ ready: true })
}

/** Binds this thread; threads it has begun already stay free to run elsewhere. */
export function pinTo(cpu: number): void {
  native.setAffinity([cpu])
}

/** ns; the same clock in every process. */
export function ticks(): number {
  return Number(process.hrtime.bigint())
}

/** Blocks for some ms. */
export function nap(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
}
