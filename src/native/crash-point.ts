import { native } from './index.js'

/**
 * A point at which a test can kill the process, to show that the state of the files at that moment can be recovered. Does nothing
 * in ordinary builds of the addon. Not for hot paths.
 */
export const crashPoint: (name: string) => void = native.crashPoint ?? (() => {})
