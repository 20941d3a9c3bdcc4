// npm run bench:serve -- [--clients N] [--sets N] [--seconds N] [--json]
//
// `ticktape serve` under load, on this machine: WebSocket clients that follow 10 of 100 symbols each, REST requests beside them, all
// clients connecting again at once, and a client that takes nothing. The server is one process, the load another one.
import { type ChildProcess, spawn } from 'node:child_process'
import * as fs from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { Writer } from 'ticktape'
import { BookTop } from 'ticktape/trading'
import { RequestLoad, SocketLoad } from './support/socket-load.js'

const { values: options } = parseArgs({
  options: {
    clients: { type: 'string', default: '10000' },
    sets: { type: 'string', default: '50' },
    seconds: { type: 'string', default: '10' },
    rate: { type: 'string', default: '1000' },
    json: { type: 'boolean', default: false },
  },
})
const clients = Number(options.clients)
const seconds = Number(options.seconds)
const SYMBOLS = Array.from({ length: 100 }, (_, i) => `S${i}USDT`)

const folder = fs.mkdtempSync('/dev/shm/ticktape-bench-serve-')
const journal = join(folder, 'market')
fs.mkdirSync(journal)
const writer = Writer.open(journal, { durability: 'process', frames: [BookTop] })
writer.addInstruments(SYMBOLS.map((symbol, i) => ({ number: i + 1, symbol, venue: 'sim' })))
let written = 0

function write(): void {
  const n = written++
  const instrument = 1 + (n % SYMBOLS.length)
  writer.write(BookTop, { instrument, venueTime: 0n, bid: 100 + n, ask: 101 + n, bidSize: 1, askSize: 2 })
}

for (const _ of SYMBOLS) write()
const begin = performance.now()
// As many as are due, every 5 ms.
const writing = setInterval(() => {
  const due = SYMBOLS.length + ((performance.now() - begin) / 1000) * Number(options.rate)
  while (written < due) write()
}, 5)

const main = join(import.meta.dirname, '../dist/cli/main.js')
const server = spawn(process.execPath, [main, 'serve', journal, '--port', '0', '--json'], {
  stdio: ['ignore', 'pipe', 'inherit'],
})
const port = await new Promise<number>((resolve, reject) => {
  createInterface({ input: server.stdout }).on('line', line => resolve((JSON.parse(line) as { port: number }).port))
  server.on('exit', () => reject(new Error('the server ended')))
})

const results: Record<string, number> = { clients, sets: Number(options.sets) }
try {
  const load = new SocketLoad({ port, clients, sets: Number(options.sets), symbolsEach: 10, symbols: SYMBOLS })
  results['connectMs'] = await load.connect()
  const stalled = connect(port, '127.0.0.1')
  stalled.write('GET /api/journals HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n'.repeat(100))
  stalled.pause()
  await sleep(1000)
  load.reset()
  const cpu = cpuSeconds(server)
  const requests = new RequestLoad(port, ['/api/market?symbols=S1USDT', '/api/frames?limit=5', '/api/journals'], 16)
  await sleep(seconds * 1000)
  const { messages, longestMs, lost } = load.result
  Object.assign(results, {
    requestsPerSecond: requests.stop() / seconds,
    messagesPerSecond: messages / seconds,
    longestMs,
    lost,
    residentMb: residentMb(server),
    cores: (cpuSeconds(server) - cpu) / seconds,
  })
  load.drop()
  results['reconnectMs'] = await load.connect()
  results['residentMbAfter'] = residentMb(server)
  load.drop()
  stalled.destroy()
} finally {
  server.removeAllListeners('exit')
  server.kill('SIGINT')
  clearInterval(writing)
  writer.close()
  fs.rmSync(folder, { recursive: true, force: true })
}
if (options.json) process.stdout.write(`${JSON.stringify(results)}\n`)
else
  for (const [name, value] of Object.entries(results))
    process.stdout.write(`${name.padEnd(20)} ${Math.round(value * 100) / 100}\n`)

function residentMb({ pid }: ChildProcess): number {
  const [, pages] = fs.readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')
  return (Number(pages) * 4096) / 1e6
}

function cpuSeconds({ pid }: ChildProcess): number {
  const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / 100
}
