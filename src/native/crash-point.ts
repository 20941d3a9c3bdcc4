import { native } from './index.js'

/**
 * A place where a test can have the process killed, to prove that what is on disk at that moment can be recovered. Does nothing
 * in ordinary builds of the addon. Not for hot paths.
 */
export const crashPoint: (name: string) => void = native.crashPoint ?? (() => {})
