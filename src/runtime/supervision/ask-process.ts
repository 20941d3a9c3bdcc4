import { fork } from 'node:child_process'
import { environmentWithout } from './environment.js'
import { inheritedOptions } from './node-options.js'

/** How long a process may take to answer, in ms. */
const ANSWER_MS = 20_000

/**
 * Runs a module in a process of its own and resolves with the first message that it sends; then the process is killed. For
 * code of users that must not run in this process.
 *
 * @param argument its only argument.
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
  const child = fork(module, [argument], { execArgv: inheritedOptions(), env, stdio: ['ignore', 2, 2, 'ipc'] })
  let timer: NodeJS.Timeout | undefined
  try {
    return await new Promise<T>((resolve, reject) => {
      const refuse = (what: string): void => reject(fail(what))
      timer = setTimeout(
        () => refuse(`was not loaded within ${ANSWER_MS / 1000} s: something at its top level does not end`),
        ANSWER_MS,
      )
      child.on('message', message => resolve(message as T))
      child.on('error', error => refuse(`cannot be loaded: ${error.message}`))
      child.on('exit', (code, signal) =>
        refuse(`ended its process while it was loaded (${signal ?? `exit status ${code}`})`),
      )
    })
  } finally {
    clearTimeout(timer)
    child.kill('SIGKILL')
  }
}
