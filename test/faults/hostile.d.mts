export function makeBase(directory: string, durability: 'process' | 'commit'): void
/** Throws when a case ends in anything but sound data or an error of the library. */
export function runCase(base: string, directory: string, seed: number): void
