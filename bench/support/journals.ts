import { join } from 'node:path'
import type { Conditions } from './question.js'

let journals = 0

/** A new directory name for a journal. */
export function freshDirectory(conditions: Conditions, where: 'memory' | 'disk'): string {
  return join(conditions[where], `journal-${++journals}`)
}
