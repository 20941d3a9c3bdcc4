/** Starts other processes of the same runtime. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

const running = new Set()

/** Starts child.mjs with a role. `said` returns its lines one after another; `end` returns how it ended. */
export function start(role, ...args) {
  // Under an emulator the runtime is started by another program.
  const program = process.env.TICKTAPE_EXEC_PATH ?? process.execPath
  const child = spawn(program, [join(import.meta.dirname, 'child.mjs'), role, ...args.map(String)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  running.add(child)
  const ended = once(child, 'exit').then(([code, signal]) => {
    running.delete(child)
    return { code, signal }
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return {
    said: async () => JSON.parse((await lines.next()).value),
    kill: signal => child.kill(signal),
    end: () => ended,
  }
}

export function killChildren() {
  for (const child of running) child.kill('SIGKILL')
}
