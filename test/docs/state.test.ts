/** docs/state.md is compared with the code: its functions exist, and its errors have the documented codes. */
import { existsSync, readFileSync } from 'node:fs'
import * as ticktape from 'ticktape'
import * as state from 'ticktape/state'
import * as trading from 'ticktape/trading'
import { expect, test } from 'vitest'

const TEXT = readFileSync(new URL('../../docs/state.md', import.meta.url), 'utf8')
const SNIPPETS = [...TEXT.matchAll(/```ts\n([^]*?)```/g)].map(match => match[1]).join('\n')
const API = { ...ticktape, ...state, ...trading } as Record<string, unknown>

/** The names of the objects in the snippets. */
const OBJECTS: Readonly<Record<string, { readonly prototype: object }>> = {
  counters: state.Counters,
  sent: state.Counter,
  book: state.TopOfBook,
  latest: state.LatestValues,
  inFlight: state.InFlight,
  breaker: state.CircuitBreaker,
  ring: state.Ring,
  out: state.Broadcast,
  ticks: state.BroadcastMember,
  positions: trading.Positions,
  keeper: trading.PositionsWriter,
}

test('the functions that the snippets call exist', () => {
  const calls = [...SNIPPETS.matchAll(/\b(\w+)\.(\w+)/g)].filter(([, object]) => object in OBJECTS)
  expect(calls.length).toBeGreaterThan(50)
  const made = new Set(['positions']) // properties that a constructor sets are not on the prototype
  for (const [call, object, member] of calls)
    expect(member in OBJECTS[object].prototype || made.has(member), call).toBe(true)
  for (const [call, name, member] of SNIPPETS.matchAll(/\b([A-Z]\w+)\.(open|join)\b/g)) {
    expect(typeof (API[name] as Record<string, unknown>)[member], call).toBe('function')
  }
})

test('the names that the snippets import are exported', () => {
  const imports = [...SNIPPETS.matchAll(/import \{ ([^}]*) \} from '(ticktape\/\w+)'/g)]
  expect(imports.length).toBeGreaterThan(1)
  for (const [, names, from] of imports) {
    for (const name of names.split(', '))
      expect(Object.keys(from === 'ticktape/state' ? state : trading), from).toContain(name)
  }
})

test('errors have the documented codes', () => {
  const rows = [...TEXT.matchAll(/^\| `(ERR_\w+)` \| `(\w+)`/gm)]
  expect(rows.length).toBe(5)
  for (const [, code, name] of rows) {
    const make = API[name] as new (message: string, pid: undefined) => { code: string }
    expect(new make('', undefined).code).toBe(code)
  }
  for (const [name] of TEXT.matchAll(/\b[A-Z]\w+Error\b/g)) expect(API, name).toHaveProperty(name)
})

test('files of the source that are named exist', () => {
  const files = [...TEXT.matchAll(/`((?:src|test)\/[\w/.-]+\.ts)`/g)].map(([, file]) => file)
  expect(files.length).toBeGreaterThan(4)
  for (const file of files) expect(existsSync(new URL(`../../${file}`, import.meta.url)), file).toBe(true)
})
