import { fork, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { startChild } from '../../support/child.ts'
import { until } from '../../support/desks.ts'
import { makeFolder } from '../../support/folders.ts'
import { isGone } from '../../support/processes.ts'
import { ENVIRONMENT, NO_PYTHON, PYTHON } from '../../support/python.ts'

const MODULE = new URL('../../../dist/runtime/supervision/end-with-parent.js', import.meta.url).href
/** More than the 2 s that a process gets, on a busy machine. */
const SOON_MS = 8_000

/** A process that is hung, does nothing, or ends by itself 300 ms after its parent. It says its pids: its own and those of its group. */
function programIn(folder: string): string {
  const file = join(folder, 'watched.mjs')
  writeFileSync(
    file,
    `import { spawn } from 'node:child_process'
    import { writeFileSync } from 'node:fs'
    import { endWithParent } from '${MODULE}'
    endWithParent()
    const kind = process.argv[2]
    const pids = [process.pid]
    if (kind === 'hung') pids.push(spawn('sleep', ['100']).pid)
    setInterval(() => {}, 1000)
    if (kind === 'orderly')
      process.on('disconnect', () => setTimeout(() => { writeFileSync('${join(folder, 'orderly')}', ''); process.exit() }, 300))
    process.send(pids, () => { if (kind === 'hung') for (;;); })`,
  )
  return file
}

test('a process that is hung or stopped ends soon after its parent was killed, with its group; one that can ends by itself', {
  timeout: 60_000,
}, async () => {
  const folder = makeFolder()
  const program = programIn(folder)
  // Its parent has ended before it begins to watch.
  const late = fork(program, ['idle', String(spawnSync('true').pid)])
  const ofLate = once(late, 'exit')
  // Its parent goes on.
  const other = fork(program, ['idle', String(process.pid)])
  const parent = startChild(
    `const { fork } = await import('node:child_process')
    const { watchedArguments } = await import('${MODULE}')
    const start = kind => new Promise(resolve =>
      fork(args[0], watchedArguments(kind), { execArgv: [], detached: true, stdio: ['ignore', 'ignore', 2, 'ipc'] }).once('message', resolve))
    say(await Promise.all(['hung', 'stopped', 'orderly'].map(start)))
    setInterval(() => {}, 1000)`,
    [program],
  )
  const [hung, stopped, orderly] = (await parent.hear()) as number[][]
  const all = [...hung, ...stopped, ...orderly]
  onTestFinished(() => {
    for (const pid of [...all, late.pid as number, other.pid as number]) if (!isGone(pid)) process.kill(pid, 'SIGKILL')
  })
  expect(all.map(isGone)).toEqual([false, false, false, false])
  process.kill(stopped[0], 'SIGSTOP')
  await parent.kill('SIGKILL')
  await until(() => all.every(isGone), 'their end', SOON_MS)
  // Nobody killed it before it was done.
  expect(existsSync(join(folder, 'orderly'))).toBe(true)
  expect(await ofLate).toEqual([null, 'SIGKILL'])
  expect(isGone(other.pid as number)).toBe(false)
})

test.skipIf(NO_PYTHON)(
  'a stopped strategy in Python goes on when its gateway was killed, and ends',
  { timeout: 60_000 },
  async () => {
    const parent = startChild(
      `const { spawn } = await import('node:child_process')
    const [python, code, pythonPath] = args
    const child = spawn(python, ['-c', code], {
      detached: true, stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, PYTHONPATH: pythonPath, PYTHONDONTWRITEBYTECODE: '1' },
    })
    child.stdout.once('data', () => say(child.pid))`,
      [
        PYTHON,
        `import time
from ticktape.strategy.gateway import Gateway
gateway = Gateway()
gateway.listen(lambda: None)
gateway.say('ready')
time.sleep(100)`,
        ENVIRONMENT['PYTHONPATH'] ?? '',
      ],
    )
    const pid = (await parent.hear()) as number
    onTestFinished(() => {
      if (!isGone(pid)) process.kill(pid, 'SIGKILL')
    })
    process.kill(pid, 'SIGSTOP')
    await parent.kill('SIGKILL')
    await until(() => isGone(pid), 'its end', SOON_MS)
  },
)
