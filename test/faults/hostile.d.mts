export function makeBase(directory: string, durability: 'process' | 'commit'): void
/** Throws unless each case ends with sound data or an error of the library. */
export function runCase(base: string, directory: string, seed: number): void
