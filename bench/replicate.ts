// npm run bench:replicate -- [--frames N] [--seconds N] [--rate N] [--rounds N] [--json]
//
// A journal replicated over a nats-server on this machine: how fast a journal that exists is published and applied, how long a frame takes to
// the replica at a given rate, and what publishing costs the journal's writer. Publisher, applier and server are processes of their own.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import * as fs from 'node:fs'
import { type AddressInfo, connect, createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { ageOf, f64, frame, Reader, Writer } from 'ticktape'
import { median, P50, P99, P999, percentiles } from './support/statistics.js'

const { values: options } = parseArgs({
  options: {
    frames: { type: 'string', default: '5000000' },
    seconds: { type: 'string', default: '10' },
    rate: { type: 'string', default: '50000' },
    rounds: { type: 'string', default: '5' },
    json: { type: 'boolean', default: false },
  },
})
const [frames, seconds, rate, rounds] = [options.frames, options.seconds, options.rate, options.rounds].map(Number)
const Tick = frame('Tick', 1, { n: f64, a: f64, b: f64, c: f64, d: f64, e: f64 })
const folder = fs.mkdtempSync('/dev/shm/ticktape-bench-replicate-')
const results: Record<string, number> = { frames, rate }
const port = await freePort()
const address = `nats://127.0.0.1:${port}`
const children: ChildProcess[] = []

try {
  start('nats-server', ['-a', '127.0.0.1', '-p', String(port), '-js', '-sd', join(folder, 'store')])
  while (!(await accepts())) await sleep(10)
  await measureRate()
  await measureLatency()
  await measureWriter()
} finally {
  for (const child of children) await end(child, 'SIGKILL')
  fs.rmSync(folder, { recursive: true })
}
if (options.json) console.log(JSON.stringify(results))
else for (const [name, value] of Object.entries(results)) console.log(`${name.padEnd(24)} ${value}`)

/** A journal that exists is published, and then applied; and another one is published and applied at once. */
async function measureRate(): Promise<void> {
  const source = journal('rate', frames)
  let begin = performance.now()
  const publisher = replicate('publish', source)
  await until(() => confirmed(source) >= frames - 4096)
  note('published', begin)
  await end(publisher)
  begin = performance.now()
  const applier = replicate('apply', join(folder, 'rate-replica'), 'rate')
  await until(() => position(join(folder, 'rate-replica')) >= frames)
  note('applied', begin)
  await end(applier)
  const both = journal('both', frames)
  begin = performance.now()
  const pair = [replicate('publish', both), replicate('apply', join(folder, 'both-replica'), 'both')]
  await until(() => position(join(folder, 'both-replica')) >= frames)
  note('publishedAndApplied', begin)
  for (const child of pair) await end(child)
}

/** From the time in a frame to the moment at which a reader of the replica has it. */
async function measureLatency(): Promise<void> {
  const source = join(folder, 'latency')
  const writer = Writer.open(source, { durability: 'process', frames: [Tick] })
  writer.write(Tick, { n: 0, a: 1, b: 2, c: 3, d: 4, e: 5 })
  const replica = join(folder, 'latency-replica')
  const pair = [replicate('publish', source), replicate('apply', replica, 'latency')]
  await until(() => position(replica) >= 1)
  const ages: number[] = []
  const reader = Reader.open(replica, { from: 'end' })
  const reading = (async () => {
    for await (const view of reader) ages.push(Number(ageOf(view)))
  })()
  const begin = performance.now()
  for (let n = 1; performance.now() - begin < seconds * 1000; await sleep(1)) {
    const due = ((performance.now() - begin) / 1000) * rate
    while (n < due) writer.write(Tick, { n: n++, a: 1, b: 2, c: 3, d: 4, e: 5 })
  }
  await until(() => position(replica) === writer.position)
  await sleep(100)
  reader.close()
  await reading
  writer.close()
  for (const child of pair) await end(child)
  // The first second is left out: the compilers have work to do.
  const shares = percentiles(Float64Array.from(ages.slice(rate)))
  for (const [name, index] of [
    ['p50', P50],
    ['p99', P99],
    ['p999', P999],
  ] as const)
    results[`latencyMs_${name}`] = Math.round(shares[index] / 1e4) / 100
}

/** ns of the source's writer for a frame, without and with a publisher, in turns. */
async function measureWriter(): Promise<void> {
  const alone: number[] = []
  const published: number[] = []
  for (let round = 0; round < rounds; round++) {
    for (const [figures, withPublisher] of [
      [alone, false],
      [published, true],
    ] as const) {
      const source = join(folder, `writer-${round}-${String(withPublisher)}`)
      const writer = Writer.open(source, { durability: 'process', frames: [Tick] })
      write(writer, 1)
      const publisher = withPublisher ? replicate('publish', source) : undefined
      if (withPublisher) await until(() => confirmed(source) >= 0)
      await sleep(500)
      const begin = performance.now()
      write(writer, 2_000_000)
      figures.push((performance.now() - begin) / 2)
      writer.close()
      if (publisher !== undefined) await end(publisher)
      fs.rmSync(source, { recursive: true })
    }
  }
  results['writerNs'] = Math.round(median(alone) * 10) / 10
  results['writerNs_published'] = Math.round(median(published) * 10) / 10
  results['writerRatio'] = Math.round((median(published) / median(alone)) * 1000) / 1000
}

function write(writer: Writer, count: number): void {
  for (let n = 0; n < count; n++) {
    const t = writer.begin(Tick)
    t.n = n
    t.a = n
    writer.commit()
  }
}

function journal(name: string, count: number): string {
  const directory = join(folder, name)
  const writer = Writer.open(directory, { durability: 'process' })
  write(writer, count)
  writer.close()
  return directory
}

function note(name: string, begin: number): void {
  const taken = performance.now() - begin
  results[`${name}MFramesPerS`] = Math.round(frames / taken) / 1000
  results[`${name}MBPerS`] = Math.round((frames * 64) / taken / 1000)
}

/** The position up to which the stream has confirmed frames, as the publisher's named reader says; -1 without one. */
function confirmed(source: string): number {
  const bytes = fs.readFileSync(join(source, 'control'))
  const count = bytes.readUInt32LE(4096 + 24)
  return count === 0 ? -1 : Number(bytes.readBigUInt64LE(4096 + 32 + 8 * (count % 2)))
}

function position(directory: string): number {
  if (!fs.existsSync(join(directory, '0000000000.page'))) return -1
  using reader = Reader.open(directory, { from: 'end' })
  return reader.position
}

function replicate(what: 'publish' | 'apply', directory: string, stream?: string): ChildProcess {
  const main = join(import.meta.dirname, '../dist/cli/main.js')
  const named = stream === undefined ? [] : ['--stream', stream]
  return start(process.execPath, [
    main,
    'replicate',
    what,
    directory,
    what === 'publish' ? '--to' : '--from',
    address,
    ...named,
  ])
}

function start(program: string, args: readonly string[]): ChildProcess {
  const child = spawn(program, args, { stdio: 'ignore' })
  children.push(child)
  return child
}

async function end(child: ChildProcess, signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill(signal)
  await once(child, 'exit')
}

async function until(holds: () => boolean): Promise<void> {
  for (const last = Date.now() + 120_000; !holds(); await sleep(2)) {
    if (Date.now() > last) throw new Error('it took more than two minutes')
    const failed = children.find(({ exitCode }) => exitCode !== null && exitCode !== 0)
    if (failed !== undefined) throw new Error(`${failed.spawnargs.join(' ')} ended with ${failed.exitCode}`)
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port: free } = server.address() as AddressInfo
  server.close()
  return free
}

async function accepts(): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  try {
    return await new Promise(resolve => socket.once('connect', () => resolve(true)).once('error', () => resolve(false)))
  } finally {
    socket.destroy()
  }
}
