import type * as Api from 'apache-arrow'
import { PackageMissingError } from '../../base/errors.js'

export type Arrow = typeof Api

let loaded: Promise<Arrow> | undefined

/** The package `apache-arrow`, an optional peer (docs/decisions/0093). @throws {PackageMissingError} */
export function loadArrow(): Promise<Arrow> {
  loaded ??= load()
  return loaded
}

async function load(): Promise<Arrow> {
  try {
    return await import('apache-arrow')
  } catch (error) {
    loaded = undefined
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'ERR_MODULE_NOT_FOUND' && code !== 'MODULE_NOT_FOUND') throw error
    throw new PackageMissingError(
      "Arrow files need the package 'apache-arrow': type npm install apache-arrow, then try again",
      { cause: error },
    )
  }
}
