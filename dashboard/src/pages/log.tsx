import { useState } from 'preact/hooks'
import { useGet } from '../api.js'
import { Filter } from '../filter.js'
import { count } from '../format.js'
import { Log, Panel, Problem } from '../parts.js'
import type { LogEntry } from '../types.js'

/** Commands, starts, ends and halts. */
export function LogPage() {
  const [filter, setFilter] = useState('')
  const { value, error } = useGet<{ readonly since: number; readonly entries: readonly LogEntry[] }>(
    'log?limit=1000',
    1000,
  )
  const entries = (value?.entries ?? []).filter(entry => filter === '' || JSON.stringify(entry).includes(filter))
  return (
    <>
      <Filter value={filter} onChange={setFilter} />
      <Problem error={error} />
      <Panel title={`Commands and restarts since position ${count(value?.since ?? 0)}`}>
        <Log entries={entries.toReversed()} />
      </Panel>
    </>
  )
}
