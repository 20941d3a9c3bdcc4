import { TicktapeError } from '../../base/errors.js'
import { endWithParent } from '../../runtime/supervision/end-with-parent.js'
import { replayHere } from './replay-here.js'
import type { ReplayResult, ReplayTask } from './replay-runs.js'

/** What the process that replays a strategy says. */
export type FromReplay =
  | { readonly kind: 'progress'; readonly part: number }
  | { readonly kind: 'result'; readonly result: ReplayResult }
  | { readonly kind: 'failed'; readonly code: string | undefined; readonly message: string }

/** Replays the strategy named by its first argument, and sends the result: what the module does, it does to this process alone. */
endWithParent()
process.on('unhandledRejection', error =>
  fail(undefined, `a promise was rejected and the rejection was not handled: ${textOf(error)}`),
)
process.on('uncaughtException', error => fail(undefined, `it throws outside of its handlers: ${textOf(error)}`))
process.on('disconnect', () => process.exit())

try {
  const task = JSON.parse(process.argv[2]) as ReplayTask
  const result = await replayHere(task, part => send({ kind: 'progress', part }))
  // What a promise does that was left behind comes first.
  await new Promise(resolve => setTimeout(resolve, 0))
  send({ kind: 'result', result }, () => process.exit())
} catch (error) {
  fail(error instanceof TicktapeError ? error.code : undefined, textOf(error))
}

function send(message: FromReplay, then: () => void = () => {}): void {
  if (process.connected) process.send?.(message, then)
}

function fail(code: string | undefined, message: string): void {
  send({ kind: 'failed', code, message }, () => process.exit())
}

function textOf(error: unknown): string {
  if (error instanceof TicktapeError) return error.message
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error)
}
