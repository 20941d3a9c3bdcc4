import { native } from '../native/index.js'

let known: string | undefined

/** The boot id of this boot, as in page headers. It is in a file that is read only once: later the process may have no file descriptor left. */
export function thisBoot(): string {
  // Tests of power loss change the boot id.
  if (native.crashPoint !== undefined) return native.bootId()
  known ??= native.bootId()
  return known
}
