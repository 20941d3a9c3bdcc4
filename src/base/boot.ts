import { native } from '../native/index.js'

let known: string | undefined

/** Identifies this boot of the machine, as page headers have it. Read once: it is a file, and some callers may have no descriptor left. */
export function thisBoot(): string {
  // Tests of power loss are in another boot now and then.
  if (native.crashPoint !== undefined) return native.bootId()
  known ??= native.bootId()
  return known
}
