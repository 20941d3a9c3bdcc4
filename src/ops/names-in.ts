import { basename, relative, sep } from 'node:path'

/** The name of a journal within a directory: its path there, with '/'. A journal by itself has its directory's name. */
export function nameIn(directory: string, journal: string): string {
  return relative(directory, journal).split(sep).join('/') || basename(journal)
}
