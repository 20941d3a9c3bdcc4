/** Whether to skip: prints what is skipped and why, so that no run leaves out a test without a message. */
export function skipUnless(possible: boolean, what: string, reason: string): boolean {
  if (!possible) console.log(`Skipped: ${what}. ${reason}.`)
  return !possible
}

export const ROOT = process.getuid?.() === 0
export const LINUX = process.platform === 'linux'
/** Under AddressSanitizer (`npm run test:asan`) memory use and compile times are different, so tests cannot measure them. */
export const ASAN = process.env['ASAN_OPTIONS'] !== undefined
