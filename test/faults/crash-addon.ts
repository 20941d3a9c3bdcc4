import { spawnSync } from 'node:child_process'
import { join } from 'node:path'

const ROOT = join(import.meta.dirname, '../..')
const ADDON = join(ROOT, 'build-crash/build/Release/ticktape.node')

/** The addon in which tests can kill the process or make a call fail at named points. It is built if it does not exist. */
export function crashAddon(): string {
  const { status, stderr } = spawnSync(process.execPath, [join(ROOT, 'scripts/native-crash-build.mjs')], {
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(`the addon for crash tests could not be built: ${stderr}`)
  return ADDON
}

/** The longest time that building it may take, in ms. */
export const CRASH_BUILD_MS = 300_000
