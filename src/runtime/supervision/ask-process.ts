import { fork } from 'node:child_process'
import { type CommandLine, CommandProcess } from './command-process.js'
import { watchedArguments } from './end-with-parent.js'
import { environmentWithout } from './environment.js'
import { inheritedOptions } from './node-options.js'

/** How long a process may take to answer, in ms. */
const ANSWER_MS = 20_000

/** What both kinds of processes have. */
interface Answering {
  readonly pid?: number | undefined
  kill(signal: NodeJS.Signals): unknown
  on(event: 'message', listener: (message: unknown) => void): unknown
  on(event: 'error', listener: (error: NodeJS.ErrnoException) => void): unknown
  on(event: 'exit' | 'finished', listener: (code: number | null, signal: NodeJS.Signals | null) => void): unknown
}

/**
 * Runs a module in a process of its own and resolves with the first message that it sends; then the process is killed. For
 * code of users that must not run in this process.
 *
 * @param module calls `endWithParent`.
 * @param argument its argument.
 * @param hiddenVariables variables of our environment that it does not get, by name.
 * @param fail makes the error when there is no answer, from what happened: 'was not loaded within 20 s ...'.
 */
export async function askProcess<T>(
  module: string,
  argument: string,
  fail: (what: string) => Error,
  hiddenVariables?: RegExp,
): Promise<T> {
  const env = environmentWithout(hiddenVariables)
  const child = fork(module, watchedArguments(argument), {
    execArgv: inheritedOptions(),
    env,
    stdio: ['ignore', 2, 2, 'ipc'],
  })
  return answerOf<T>(child, 'exit', fail, ANSWER_MS)
}

export interface AskCommandOptions {
  readonly hiddenVariables?: RegExp
  /** Kills it. The promise is rejected with the signal's reason then. */
  readonly signal?: AbortSignal
  /** Whether it may take as long as it needs. Default false: 20 s. */
  readonly isPatient?: boolean
}

/** The same of a program in any language, which answers with one of these kinds of messages. @throws the signal's reason. */
export async function askCommand<T extends { readonly kind: string }>(
  command: CommandLine,
  argument: string,
  kinds: readonly T['kind'][],
  fail: (what: string) => Error,
  { hiddenVariables, signal, isPatient = false }: AskCommandOptions = {},
): Promise<T> {
  signal?.throwIfAborted()
  const child = new CommandProcess(command, argument, environmentWithout(hiddenVariables), kinds)
  const kill = (): void => child.kill('SIGKILL')
  signal?.addEventListener('abort', kill)
  try {
    return await answerOf<T>(child, 'finished', fail, isPatient ? undefined : ANSWER_MS)
  } catch (error) {
    signal?.throwIfAborted()
    throw error
  } finally {
    signal?.removeEventListener('abort', kill)
  }
}

/** @param end the event after which no message comes. */
async function answerOf<T>(
  child: Answering,
  end: 'exit' | 'finished',
  fail: (what: string) => Error,
  ms: number | undefined,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  try {
    return await new Promise<T>((resolve, reject) => {
      const refuse = (what: string): void => reject(fail(what))
      if (ms !== undefined)
        timer = setTimeout(
          () => refuse(`was not loaded within ${ms / 1000} s: something at its top level does not end`),
          ms,
        )
      child.on('message', message => resolve(message as T))
      child.on('error', error => refuse(`cannot be loaded: ${error.message}`))
      child.on(end, (code, signal) =>
        refuse(`ended its process while it was loaded (${signal ?? `exit status ${code}`})`),
      )
    })
  } finally {
    clearTimeout(timer)
    if (child.pid !== undefined) child.kill('SIGKILL')
  }
}
