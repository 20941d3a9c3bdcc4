import { useState } from 'preact/hooks'
import { useGet } from '../api.js'
import { clock } from '../format.js'
import { Panel, Problem, Table } from '../parts.js'

interface FramePage {
  readonly journal: string
  readonly from: number
  readonly next: number
  readonly atEnd: boolean
  readonly frames: readonly Readonly<Record<string, unknown>>[]
}

/** A journal's frames, page by page. */
export function FramesPage({ journal }: { readonly journal: string }) {
  const [from, setFrom] = useState('last')
  const [type, setType] = useState('')
  const names = useGet<{ readonly journals: readonly { readonly name: string }[] }>('journals', 5000)
  const params = new URLSearchParams({ journal, from, limit: '100', ...(type === '' ? {} : { type }) })
  const { value, error } = useGet<FramePage>(`frames?${params.toString()}`, from === 'last' ? 1000 : 0)
  return (
    <>
      <div class="row">
        <select
          aria-label="journal"
          value={journal}
          onChange={event => {
            location.hash = `#/frames/${encodeURIComponent(event.currentTarget.value)}`
          }}
        >
          {(names.value?.journals ?? [{ name: journal }]).map(({ name }) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </select>
        <input
          class="filter"
          type="search"
          placeholder="types, such as Order,Fill (/)"
          aria-label="types of frames"
          value={type}
          onChange={event => setType(event.currentTarget.value)}
        />
        <button type="button" onClick={() => setFrom('start')}>
          first
        </button>
        <button type="button" disabled={value?.atEnd ?? true} onClick={() => setFrom(String(value?.next ?? 0))}>
          next
        </button>
        <button type="button" onClick={() => setFrom('last')}>
          last, live
        </button>
      </div>
      <Problem error={error} />
      <Panel title={`Frames of ${journal}`}>
        <Table
          rows={value?.frames ?? []}
          keyOf={frame => Number(frame['position'])}
          empty="no frames"
          columns={[
            ['position', frame => String(frame['position']), 'right'],
            ['time (UTC)', frame => clock(String(frame['time']))],
            ['type', frame => String(frame['type'])],
            ['fields', frame => fieldsOf(frame)],
          ]}
        />
      </Panel>
    </>
  )
}

const HEADER = new Set(['position', 'time', 'type'])

function fieldsOf(frame: Readonly<Record<string, unknown>>): string {
  return Object.entries(frame)
    .filter(([name]) => !HEADER.has(name))
    .map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(' ')
}
