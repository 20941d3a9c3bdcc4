// The files in ops/ for systemd and containers: as far as they can be checked without either.
import { spawnSync } from 'node:child_process'
import { copyFileSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { makeFolder } from '../support/folders.ts'
import { ticktape } from '../support/journals.ts'
import { skipUnless } from '../support/skips.ts'

const OPS = join(import.meta.dirname, '../../ops')
const UNITS = join(OPS, 'systemd')
const SYSTEMD = spawnSync('systemd-analyze', ['--version'], { stdio: 'ignore' }).status === 0

test('systemd accepts the units, of an instance', { timeout: 60_000 }, () => {
  if (skipUnless(SYSTEMD, 'systemd-analyze verify', 'it needs systemd')) return
  const folder = makeFolder()
  // A template is checked by the name of an instance: they need each other, so all are there.
  const units = readdirSync(UNITS).map(name => name.replace('@.', '@alpha.'))
  readdirSync(UNITS).forEach((name, i) => copyFileSync(join(UNITS, name), join(folder, units[i])))
  const { status, stderr } = spawnSync('systemd-analyze', ['verify', ...units.map(unit => `./${unit}`)], {
    cwd: folder,
    encoding: 'utf8',
  })
  // Units of the system itself are none of our business.
  const ours = stderr.split('\n').filter(line => line.includes('ticktape'))
  expect([ours, status]).toEqual([[], 0])
  expect(units).toHaveLength(3)
})

test('what the units and the containers start are commands with these options', () => {
  const units = readdirSync(UNITS).map(name => readFileSync(join(UNITS, name), 'utf8'))
  const compose = readFileSync(join(OPS, 'container/compose.yml'), 'utf8')
  const dockerfile = readFileSync(join(OPS, 'container/Dockerfile'), 'utf8')
  const words = [
    ...units.map(unit => (/^ExecStart=\/usr\/bin\/env ticktape (.*)$/m.exec(unit)?.[1] ?? '').split(' ')),
    ...[...compose.matchAll(/command: (\[.*\])/g)].map(([, list]) => JSON.parse(list.replaceAll("'", '"')) as string[]),
    JSON.parse(/^CMD (\[.*\])$/m.exec(dockerfile)?.[1] ?? '[]') as string[],
  ]
  expect(words).toHaveLength(6)
  const helps = new Map<string, string>()
  for (const [command, ...rest] of words) {
    if (!helps.has(command)) helps.set(command, ticktape('help', command).stdout)
    for (const option of rest.filter(word => word.startsWith('--'))) expect(helps.get(command)).toContain(`${option} `)
  }
  // Without it /dev/shm of a container is smaller than a journal.
  expect(compose).toMatch(/shm_size: \dgb/)
  expect(dockerfile).toContain('--shm-size=')
})
