import { useState } from 'preact/hooks'
import { useGet } from '../api.js'
import { dateTime, duration } from '../format.js'
import { Panel, Problem } from '../parts.js'
import type { Hop } from '../types.js'

/** One order's life: every hop with its time and its causes. */
export function OrderPage({ id }: { readonly id: string }) {
  const { value, error } = useGet<{ readonly hops: readonly Hop[] }>(`why/${id}`, 5000)
  const hops = value?.hops ?? []
  return (
    <>
      <Problem error={error} />
      <Panel title={`The life of order ${id}`}>
        {value === undefined && error === undefined ? (
          <p class="empty">reading the sequence …</p>
        ) : (
          <Hops hops={hops} />
        )}
      </Panel>
    </>
  )
}

function Hops({ hops }: { readonly hops: readonly Hop[] }) {
  const [open, setOpen] = useState<number | undefined>(undefined)
  const known = hops.filter(({ journal }) => journal !== 'feed').map(({ time }) => BigInt(time))
  const first = known.reduce((least, time) => (time < least ? time : least), known[0] ?? 0n)
  const last = known.reduce((most, time) => (time > most ? time : most), first)
  const share = (time: string): number => (last === first ? 0 : Number(BigInt(time) - first) / Number(last - first))
  return (
    <ol class="hops">
      {hops.map(hop => (
        <li key={hop.number} id={`hop-${hop.number}`} class={hop.asked ? 'chosen' : ''}>
          <button type="button" onClick={() => setOpen(open === hop.number ? undefined : hop.number)}>
            <span class="number">{hop.number}</span>
            <span class="time">{dateTime(hop.time)}</span>
            <span class="since">
              {hop.since === undefined || hop.after === undefined ? '' : `${duration(hop.since)} after ${hop.after}`}
            </span>
            <span class="where">
              {hop.journal} {hop.position}
            </span>
            <span class="type">{hop.type}</span>
            <span class="text">
              {hop.text}
              {hop.stalls.map(({ kind, lasted }) => (
                <em key={lasted} class="down">
                  {' '}
                  delayed by {kind === 'gc' ? 'a garbage collection' : 'a busy event loop'} of {duration(lasted)}
                </em>
              ))}
            </span>
            {hop.journal !== 'feed' && <progress max={1} value={Math.max(0, share(hop.time))} />}
          </button>
          {open === hop.number && hop.frame !== undefined && <pre>{JSON.stringify(hop.frame, undefined, 2)}</pre>}
        </li>
      ))}
    </ol>
  )
}
