/**
 * The layers of src/: each folder may import from itself and from the folders listed before it, never from a later one.
 *
 *   node scripts/layers.mjs            checks every import; prints those that point the wrong way, and exits with 1
 *   node scripts/layers.mjs --draw     writes the tree and the drawing of the imports into docs/architecture.md
 *   node scripts/layers.mjs --drawn    checks that docs/architecture.md has what --draw would write
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, posix, relative, sep } from 'node:path'
import { root } from './run.mjs'

/** From the lowest to the highest: folder, and what a newcomer finds there. */
const LAYERS = [
  ['native', 'the addon: what it offers, and how it is found and loaded'],
  ['base', 'what every layer needs: errors, options, values in messages, the clock, system errors'],
  ['base/files', 'directories held open, guarded reading, replacing a file in one step'],
  ['wait', 'spin, yield, park, sleep in the event loop; being ended by a signal'],
  ['frames', 'definitions, fields, views, schema, handlers and dispatch: what journals, rings and tables share'],
  ['journal', "the journal's errors and diagnostics channels"],
  ['journal/files', "a journal's directory, its schema.json, names of pages"],
  ['journal/pages', 'one page: header, mapping, checksums, marks, its end'],
  ['journal/control', "the control file: sleepers and named readers; the writer's lock"],
  ['journal/seek', 'from a position, a time or the end to a page and a slot'],
  ['journal/inspect', 'what a journal holds and what is wrong with it'],
  ['journal/retain', 'which pages may go, and removing them'],
  ['journal/recover', 'making the end of a journal sound after a crash'],
  ['journal/write', 'the writer: opening, page supply, syncing'],
  ['journal/read', 'the reader, and several journals read merged'],
  ['journal/verify', 'checking every byte'],
  ['journal/repair', 'copying what is good out of a damaged journal'],
  ['state', "shared state's errors"],
  ['state/file', 'one mapped state file: header, owners, shared words'],
  ['state/counters', 'counters and gauges'],
  ['state/latest-values', 'the latest frame of each key'],
  ['state/ring', 'a bounded queue from one producer to one consumer'],
  ['state/broadcast', 'one producer, a ring for each member'],
  ['runtime', "the runtime's errors"],
  ['runtime/sessions', 'the journals of a gateway and its strategies as one directory'],
  ['runtime/consumer', 'a process that reads one journal and answers in another, exactly once'],
  ['runtime/supervision', 'starting processes and starting them again'],
  ['trading', "the trading runtime's errors"],
  ['trading/messages', 'the frames of market data and orders'],
  ['trading/positions', 'exact positions and profit'],
  ['trading/risk', 'the circuit breaker'],
  ['trading/venues', 'what a venue is, the paper venue, reports checked'],
  ['trading/market', 'feeds of market data: captures, synthetic; top of book'],
  ['trading/orders', 'taking orders to a venue; markets in flight'],
  ['trading/strategies', 'defining, loading and running a strategy'],
  ['trading/gateway', 'the gateway process'],
  ['trading/replay', 'doing again what a strategy or the gateway did'],
  ['trading/audit', "counting a session's journals"],
  ['public', 'the public API: one file an import path'],
  ['cli/output', 'text, tables, progress and exit codes of the commands'],
  ['cli/doctor', 'is this machine fit: the checks of `ticktape doctor`'],
  ['cli/commands', 'one file a command'],
  ['cli/demo', 'the demo'],
  ['cli', 'the program: which commands there are'],
]

const RANK = new Map(LAYERS.map(([folder], rank) => [folder, rank]))
const SRC = join(root, 'src')
const PAGE = join(root, 'docs', 'architecture.md')
const BEGIN = '<!-- written by scripts/layers.mjs: begin -->'
const END = '<!-- written by scripts/layers.mjs: end -->'

/** Every import between two files of src/: `{ file, folder, target, targetFolder }`, with `/` in all paths. */
function readImports() {
  const imports = []
  for (const file of readdirSync(SRC, { recursive: true })
    .map(name => name.split(sep).join('/'))
    .filter(name => name.endsWith('.ts'))) {
    for (const [, specifier] of readFileSync(join(SRC, file), 'utf8').matchAll(/(?:from|import) '(\.[^']+)'/g)) {
      const target = posix.join(posix.dirname(file), specifier)
      imports.push({ file, folder: posix.dirname(file), target, targetFolder: posix.dirname(target) })
    }
  }
  return imports
}

/** What is wrong with an import, undefined when nothing is. */
function faultOf({ file, folder, target, targetFolder }) {
  for (const one of [folder, targetFolder])
    if (!RANK.has(one)) return `src/${one} is not in scripts/layers.mjs: say there which layer it is`
  if (RANK.get(targetFolder) > RANK.get(folder))
    return `src/${file} imports src/${target}: ${folder} is below ${targetFolder}`
  return undefined
}

function top(folder) {
  return folder.split('/')[0]
}

function sorted(lines) {
  return [...lines].sort((a, b) => (a < b ? -1 : 1))
}

/** The tree in words, then the imports between the top folders as a Mermaid graph. */
function drawing(imports) {
  const width = Math.max(...LAYERS.map(([folder]) => folder.length)) + 4
  const tree = LAYERS.map(([folder, what]) => `${`${folder}/`.padEnd(width)}${what}`)
  const arrows = new Set(
    imports
      .filter(one => top(one.folder) !== top(one.targetFolder))
      .map(one => `  ${top(one.folder)} --> ${top(one.targetFolder)}`),
  )
  const within = new Set(
    imports
      .filter(
        one =>
          one.folder !== one.targetFolder &&
          top(one.folder) === top(one.targetFolder) &&
          one.folder.includes('/') &&
          one.targetFolder.includes('/'),
      )
      .map(one => `  ${one.folder} --> ${one.targetFolder}`),
  )
  const inner = ['journal', 'state', 'runtime', 'trading', 'cli'].flatMap(name => [
    '',
    `Inside \`${name}\`:`,
    '',
    '```mermaid',
    'graph LR',
    ...sorted([...within].filter(arrow => arrow.startsWith(`  ${name}/`))),
    '```',
  ])
  return [
    BEGIN,
    '```',
    ...tree,
    '```',
    '',
    'Imports between the folders:',
    '',
    '```mermaid',
    'graph LR',
    ...sorted(arrows),
    '```',
    ...inner,
    END,
  ].join('\n')
}

const imports = readImports()
const faults = imports.map(faultOf).filter(fault => fault !== undefined)
for (const fault of new Set(faults)) console.error(fault)
if (faults.length > 0) process.exit(1)

if (process.argv.includes('--draw') || process.argv.includes('--drawn')) {
  const page = readFileSync(PAGE, 'utf8')
  const wanted = page.slice(0, page.indexOf(BEGIN)) + drawing(imports) + page.slice(page.indexOf(END) + END.length)
  if (process.argv.includes('--draw')) writeFileSync(PAGE, wanted)
  else if (page !== wanted) {
    console.error(`${relative(root, PAGE)} does not show the imports as they are: run npm run generate`)
    process.exit(1)
  }
}
