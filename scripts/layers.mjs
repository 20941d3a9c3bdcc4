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

/** From the lowest to the highest: the folder, and its content in a few words. */
const LAYERS = [
  ['native', 'the addon: its functions, how it is found and loaded'],
  ['base', 'what every layer needs: errors, options, values in messages, the clock, system errors'],
  ['base/files', 'directories held open, guarded reading, replacing a file in one step'],
  ['wait', 'idle strategies: spin, yield, park, sleep in the event loop; ending a wait by a signal'],
  ['frames', 'definitions, fields, views, schema, handlers and dispatch: what journals, rings and tables share'],
  ['journal', "the journal's errors and diagnostics channels"],
  ['journal/files', "a journal's directory, its schema.json, the names of page files"],
  ['journal/pages', 'one page: header, mapping, checksums, marks, end of the frames'],
  ['journal/control', "the control file: sleepers and named readers; the writer's lock"],
  ['journal/seek', 'finds the page and slot of a position, a time or the end'],
  ['journal/inspect', 'what a journal contains and what is wrong with it'],
  ['journal/retain', 'which pages may be removed, and removing them'],
  ['journal/recover', 'makes the end of a journal consistent after a crash'],
  ['journal/write', 'the writer: opening, page supply, syncing'],
  ['journal/read', 'the reader, and the merged reader of several journals'],
  ['journal/verify', 'checks every byte of a journal'],
  ['journal/repair', 'copies the good frames of a damaged journal'],
  ['journal/replicate', 'runs of committed frames: reading them from a source, appending them to a replica'],
  ['journal/columns', 'columns of frames in typed arrays, as a journal was at one moment'],
  ['state', "shared state's errors"],
  ['state/file', 'one mapped state file: header, owners, shared words'],
  ['state/counters', 'counters and gauges'],
  ['state/latest-values', 'the latest frame of each key'],
  ['state/ring', 'a bounded queue from one producer to one consumer'],
  ['state/broadcast', 'one producer, a ring for each member'],
  ['state/heartbeats', 'signs of life of processes'],
  ['runtime/opening', 'opens journals that an earlier process still holds, or a crash has left'],
  ['runtime/consumer', 'a process that reads one journal and writes another, exactly once'],
  ['runtime/stalls', 'pauses of a process: garbage collection, and an event loop that does not turn'],
  ['runtime/supervision', 'starts processes, and restarts those that end'],
  ['trading', "the trading runtime's errors"],
  ['trading/exact', 'whole ticks and steps, sums without rounding'],
  ['trading/instruments', 'instruments: their terms and numbers'],
  ['trading/messages', 'the frames of market data and orders'],
  ['trading/positions', 'exact positions and profit'],
  ['trading/venues', 'the interface of a venue, and what it says'],
  ['trading/venues/conformance', 'the rules of a venue as checks, for tests of adapters'],
  ['trading/orders/life', 'the life of an order: facts, transitions, the book of orders'],
  ['trading/pairs', 'two orders that belong together: what is unequal, and what follows from it'],
  ['trading/risk', 'the circuit breaker; what is checked before an order leaves'],
  ['trading/exchange/book', 'the simulated exchange: orders, price levels, expiries, the recorded quote'],
  ['trading/exchange/delivery', 'the way to the exchange and back: latency, faults, what is due'],
  ['trading/exchange/options', 'the options of the simulated exchange'],
  ['trading/exchange/accounts', 'markets, accounts, money, margin, the record of fills'],
  ['trading/exchange/matching', 'what the exchange does with orders, market data, settlement and funding'],
  ['trading/exchange', 'the simulated exchange'],
  ['trading/market/dialects', 'what messages of venues say: one file for each dialect'],
  ['trading/market', 'feeds of market data: captures, synthetic; top of book'],
  ['trading/recorder', 'records messages of venues into capture files'],
  ['trading/orders', 'markets in flight'],
  ['trading/sequence', 'the frames of the sequence, homes, bursts, the configuration on record'],
  ['trading/snapshots', 'snapshots in the sequence: their format, finding and reading them'],
  ['trading/operator', 'commands of people: their frames, sending them, the answers'],
  ['trading/desk', 'everything that is decided about orders, from the sequence alone'],
  ['trading/adapter', 'the process of a venue adapter'],
  ['trading/strategies', 'defines, loads and runs a strategy'],
  ['trading/replica', 'a second desk that plays the sequence: snapshots are made of it'],
  ['trading/gateway', 'the gateway process'],
  ['exchanges', 'what all real venues need: errors, fields of messages, exact decimals'],
  ['exchanges/connection', 'sockets, requests, clocks and credentials of venues'],
  ['exchanges/adapter', 'what all adapters need: reports, open requests, questions about an account, live feeds'],
  ['exchanges/fake', 'what all fake venues need: faults, limits, orders on a simulated exchange, an artificial market'],
  ['exchanges/binance', 'Binance: instruments, messages, orders, its feed and its venue'],
  ['exchanges/binance/fake', 'a Binance on this machine: the protocol, with simulated exchanges behind it'],
  ['exchanges/bybit', 'Bybit: instruments, messages, orders, its feed and its venue'],
  ['exchanges/bybit/fake', 'a Bybit on this machine: the protocol, with simulated exchanges behind it'],
  ['exchanges/ccxt', 'any other exchange by ccxt: what it can do, orders, its feed and its venue'],
  ['exchanges/okx', 'OKX: instruments, messages, orders, its feed and its venue'],
  ['exchanges/okx/fake', 'an OKX on this machine: the protocol, with a simulated exchange behind it'],
  ['trading/replay', 'replays a strategy or the gateway and compares'],
  ['trading/virtual', 'a whole desk in one process, on virtual time'],
  ['trading/backtest', 'runs strategies on recorded market data, and reports'],
  ['trading/audit', "counts the frames of a home's journals"],
  ['trading/inspect', 'what a sequence says of orders, positions and causes'],
  ['desk-file', 'desk.json: its schema, and the options that it stands for'],
  ['ops', 'looks at homes and journals from outside: the sampler'],
  ['ops/watch', 'rules, alerts that fire once and clear once, where they are sent'],
  ['ops/metrics', 'a sample as text for Prometheus, and its server'],
  ['data', 'what takes data out of journals and puts data into them: which journals, names, errors'],
  ['data/sql', 'journals as views of DuckDB'],
  ['data/archive', 'pages packed into small files, and unpacked'],
  ['data/export', 'frames of journals into files, and how far that is'],
  ['data/import', 'journals of files: rows, values, and which column is which field'],
  ['replicate', 'what replication over a network reports, and its errors'],
  ['replicate/nats', 'publishing a journal into a stream of NATS JetStream, and applying it'],
  ['serve', "a server's errors and options"],
  ['serve/reading', 'what a server knows of a home: the desk now and at any moment, market data, pages of frames'],
  ['serve/http', 'requests and answers: who may ask, the addresses below /api/, commands'],
  ['serve/sockets', 'WebSockets: subscriptions, conflated market data, frames from any position on'],
  ['serve/server', 'the server of `ticktape serve`'],
  ['public', 'the public API: one file for each import path'],
  ['cli/output', 'text, tables, progress and exit codes of the commands'],
  ['cli/doctor', 'the checks of `ticktape doctor`'],
  ['cli/codegen', 'types for programs in other languages'],
  ['cli/run', 'what `run`, the demo, `backtest` and `replay` share: the feed, the files, the desk, the view'],
  ['cli/top', 'the pages of `ticktape top`, and the terminal'],
  ['cli/sql', 'results of `ticktape sql`, and its terminal'],
  ['cli/commands', 'one file for each command'],
  ['cli/demo', 'the demo'],
  ['cli', 'the program with its commands'],
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
    for (const [, specifier] of readFileSync(join(SRC, file), 'utf8').matchAll(/(?:from|import) ?\(?'(\.[^']+)'/g)) {
      const target = posix.join(posix.dirname(file), specifier)
      imports.push({ file, folder: posix.dirname(file), target, targetFolder: posix.dirname(target) })
    }
  }
  return imports
}

/** The problem of an import; undefined when it is allowed. */
function faultOf({ file, folder, target, targetFolder }) {
  for (const one of [folder, targetFolder])
    if (!RANK.has(one)) return `src/${one} is not in scripts/layers.mjs: add it to the list of layers there`
  if (RANK.get(targetFolder) > RANK.get(folder))
    return `src/${file} imports src/${target}: ${folder} is below ${targetFolder}`
  return undefined
}

function top(folder) {
  return folder.split('/')[0]
}

/**
 * The top folders that import each other, also by way of others: the list of layers alone allows it when the parts of one folder are on both
 * sides of another one.
 */
function circles(imports) {
  const reached = new Map()
  for (const { folder, targetFolder } of imports)
    if (top(folder) !== top(targetFolder))
      reached.set(top(folder), (reached.get(top(folder)) ?? new Set()).add(top(targetFolder)))
  for (let grown = true; grown; ) {
    grown = false
    for (const targets of reached.values())
      for (const target of targets)
        for (const next of reached.get(target) ?? []) if (!targets.has(next)) grown = targets.add(next) !== undefined
  }
  return [...reached].flatMap(([folder, targets]) =>
    targets.has(folder) ? [`src/${folder} imports itself by way of other folders: the drawing has a circle`] : [],
  )
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
  const inner = ['journal', 'state', 'runtime', 'trading', 'exchanges', 'cli'].flatMap(name => [
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
const faults = [...imports.map(faultOf).filter(fault => fault !== undefined), ...circles(imports)]
for (const fault of new Set(faults)) console.error(fault)
if (faults.length > 0) process.exit(1)

if (process.argv.includes('--draw') || process.argv.includes('--drawn')) {
  const page = readFileSync(PAGE, 'utf8')
  const wanted = page.slice(0, page.indexOf(BEGIN)) + drawing(imports) + page.slice(page.indexOf(END) + END.length)
  if (process.argv.includes('--draw')) writeFileSync(PAGE, wanted)
  else if (page !== wanted) {
    console.error(`${relative(root, PAGE)} does not show the current imports: run npm run generate`)
    process.exit(1)
  }
}
