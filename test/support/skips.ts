import { statSync } from 'node:fs'
import { dirname } from 'node:path'

/** Whether to skip: prints what is skipped and why, so that no run leaves out a test without a message. */
export function skipUnless(possible: boolean, what: string, reason: string): boolean {
  if (!possible) console.log(`Skipped: ${what}. ${reason}.`)
  return !possible
}

export const ROOT = process.getuid?.() === 0
export const LINUX = process.platform === 'linux'
/** Under AddressSanitizer (`npm run test:asan`) memory use and compile times are different, so tests cannot measure them. */
export const ASAN = process.env['ASAN_OPTIONS'] !== undefined

/** Whether other users may enter the directories above this clone, so that their processes can load it. */
export const OTHERS_MAY_ENTER = ((): boolean => {
  for (let directory = import.meta.dirname; ; directory = dirname(directory)) {
    if ((statSync(directory).mode & 0o001) === 0) return false
    if (directory === dirname(directory)) return true
  }
})()
