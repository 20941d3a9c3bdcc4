// Runs a command. Prints nothing unless it fails; then it prints all of the command's output.
import { spawnSync } from 'node:child_process'
import { delimiter, join } from 'node:path'

export const root = join(import.meta.dirname, '..')

/** Returns the standard output. Ends this process when the command fails. */
export function run(command, args, { cwd = root, env = process.env, show = false } = {}) {
  const path = join(root, 'node_modules/.bin') + delimiter + process.env.PATH
  const stdio = show ? 'inherit' : 'pipe'
  const result = spawnSync(command, args, {
    cwd,
    env: { ...env, PATH: path },
    stdio,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  })
  if (result.status === 0) return result.stdout
  process.stderr.write(`${result.stdout ?? ''}${result.stderr ?? ''}`)
  process.stderr.write(
    `Failed: ${command} ${args.join(' ')} (${result.error?.message ?? result.signal ?? `exit ${result.status}`})\n`,
  )
  process.exit(1)
}
