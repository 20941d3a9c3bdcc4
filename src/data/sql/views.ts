import type { FrameDefinition } from '../../frames/definition.js'
import { readSchema } from '../../journal/files/schema-file.js'
import type { SourceJournal } from '../journals.js'
import { snakeCase, UniqueNames } from '../names.js'
import { type SqlColumn, sqlColumnsOf } from './columns.js'

/** The frames of one definition in one journal. */
export interface ViewSource {
  readonly journal: SourceJournal
  readonly definition: FrameDefinition
}

/** A view: the frames of one name, in one or several journals. */
export interface ViewPlan {
  readonly name: string
  readonly columns: readonly SqlColumn[]
  readonly sources: readonly ViewSource[]
}

/** The views that journals have. Definitions of one name with other columns are views of their own: `order`, `order_2`. */
export function planViews(journals: readonly SourceJournal[]): ViewPlan[] {
  const names = new UniqueNames()
  const plans = new Map<string, { name: string; columns: SqlColumn[]; sources: ViewSource[] }>()
  const ofFirst = new Set<number>()
  for (const [i, journal] of journals.entries()) {
    for (const definition of readSchema(journal.path).definitions) {
      if (i === 0) ofFirst.add(definition.id)
      else if (journal.onlyOwn && ofFirst.has(definition.id)) continue
      const columns = sqlColumnsOf(definition, journals.length > 1)
      const key = JSON.stringify([definition.name, columns.map(({ name, type }) => [name, type])])
      const known = plans.get(key)
      if (known === undefined)
        plans.set(key, { name: names.take(snakeCase(definition.name)), columns, sources: [{ journal, definition }] })
      else known.sources.push({ journal, definition })
    }
  }
  return [...plans.values()]
}
