import { fork } from 'node:child_process'
import { packageModule } from '../../native/package-files.js'
import { inheritedOptions } from '../../runtime/supervision/node-options.js'
import { VenueError } from '../errors.js'
import type { VenueInfo, VenueInspectAnswer } from '../venues/adapter-config.js'

/** How long a module may take to load, in ms. */
const LOAD_MS = 20_000

/** Asks a process that loads a venue's module what the venue is. @throws {VenueError} */
export async function inspectVenue(file: string): Promise<VenueInfo> {
  const module = packageModule('trading/adapter/inspect-process.js', 'A gateway with a venue in a process of its own')
  const child = fork(module, [file], { execArgv: inheritedOptions(), stdio: ['ignore', 2, 2, 'ipc'] })
  const fail = (what: string): VenueError => new VenueError(`${file} ${what}`, { path: file })
  try {
    return await new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(fail(`was not loaded within ${LOAD_MS / 1000} s`)), LOAD_MS)
      const end = (error: VenueError): void => {
        clearTimeout(timer)
        reject(error)
      }
      child.on('message', message => {
        clearTimeout(timer)
        const answer = message as VenueInspectAnswer
        if (answer.kind === 'venue') resolve(answer.venue)
        else reject(new VenueError(answer.message, { path: file }))
      })
      child.on('error', error => end(fail(`cannot be loaded: ${error.message}`)))
      child.on('exit', (code, signal) =>
        end(fail(`ended its process while it was loaded (${signal ?? `exit status ${code}`})`)),
      )
    })
  } finally {
    child.kill('SIGKILL')
  }
}
