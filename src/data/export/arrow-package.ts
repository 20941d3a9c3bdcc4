import type * as Api from 'apache-arrow'
import { loadOptional } from '../../base/optional-package.js'

export type Arrow = typeof Api

/** The package `apache-arrow`, an optional peer (docs/decisions/0093). @throws {PackageMissingError} */
export function loadArrow(): Promise<Arrow> {
  return loadOptional(
    () => import('apache-arrow'),
    "Arrow files need the package 'apache-arrow': type npm install apache-arrow, then try again",
  )
}
