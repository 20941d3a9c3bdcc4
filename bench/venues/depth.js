// Depth messages at a rate that a busy venue has: how old they are when their quote is a frame in a journal, how many are on their way, and how
// much of a processor the adapter needs. The venue and the adapter are a process each, on a core of its own.
//
//   npm run build && node bench/venues/depth.js [--seconds 10] [--rate 10000] [--venue okx] [--json]
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { VENUES } from './depth-venues.js'

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '10' },
    rate: { type: 'string', default: '10000' },
    venue: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
})
const [seconds, rate] = [Number(values.seconds), Number(values.rate)]
const chosen = values.venue === undefined ? Object.keys(VENUES) : [values.venue]
const unknown = chosen.find(venue => !Object.hasOwn(VENUES, venue))
if (unknown !== undefined) throw new Error(`--venue takes ${Object.keys(VENUES).join(', ')}, not ${unknown}`)
if (!(seconds > 0 && rate > 0)) throw new Error('--seconds and --rate take numbers above 0')
/** The first seconds are those of code that is not compiled yet. */
const WARM_UP_S = 2

const directory = mkdtempSync(join(process.platform === 'linux' ? '/dev/shm' : tmpdir(), 'ticktape-bench-depth-'))
process.once('SIGINT', () => process.exit(130))
process.on('exit', () => rmSync(directory, { recursive: true, force: true }))

const start = (file, settings) => fork(join(import.meta.dirname, file), [JSON.stringify(settings)])

/** The next message of a process. @throws when the process ends first. */
async function messageOf(child, name) {
  const ending = new AbortController()
  const ended = once(child, 'exit', { signal: ending.signal }).then(([code]) => {
    throw new Error(`the process of ${name} has ended with code ${code}`)
  })
  ended.catch(() => {})
  try {
    return (await Promise.race([once(child, 'message'), ended]))[0]
  } finally {
    ending.abort()
  }
}

async function measure(venue) {
  const server = start('depth-server.js', { venue, rate, cpu: 0 })
  let adapter
  try {
    const { port } = await messageOf(server, 'the venue')
    adapter = start('depth-adapter.js', {
      venue,
      port,
      directory: join(directory, venue),
      most: Math.ceil(2 * rate * seconds),
      cpu: 1,
    })
    await messageOf(adapter, 'the adapter')
    await sleep(WARM_UP_S * 1000)
    for (const child of [server, adapter]) child.send('begin')
    await sleep(seconds * 1000)
    const told = Promise.all([messageOf(server, 'the venue'), messageOf(adapter, 'the adapter')])
    for (const child of [server, adapter]) child.send('end')
    return resultOf(venue, ...(await told))
  } finally {
    await Promise.all([server, adapter].map(end))
  }
}

async function end(child) {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGKILL')
  await once(child, 'exit')
}

/** @param sent, handled samples: when, and the number of the last message. */
function resultOf(venue, { samples: sent }, { samples: handled, ages, missing, cpuUs }) {
  if (ages.length === 0 || sent.length < 2) throw new Error(`${venue}: nothing came in ${seconds} s`)
  const lags = handled.flatMap(({ at, last }) => {
    const after = sent.findIndex(sample => sample.at >= at)
    if (after <= 0) return []
    const [a, b] = [sent[after - 1], sent[after]]
    return [a.last + ((b.last - a.last) * (at - a.at)) / (b.at - a.at) - last]
  })
  const [first, final] = [handled[0], handled.at(-1)]
  const sorted = ages.toSorted((a, b) => a - b)
  const quantile = share => Math.round(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))])
  return {
    venue,
    sentPerSecond: Math.round(((sent.at(-1).last - sent[0].last) / (sent.at(-1).at - sent[0].at)) * 1e6),
    handledPerSecond: Math.round(((final.last - first.last) / (final.at - first.at)) * 1e6),
    missing,
    p50Us: quantile(0.5),
    p99Us: quantile(0.99),
    lagMost: Math.round(Math.max(0, ...lags)),
    lagEnd: Math.max(0, Math.round(lags.at(-1) ?? 0)),
    processor: cpuUs / (final.at - first.at),
  }
}

if (!values.json) {
  console.log(`${rate} depth messages a second for ${seconds} s; age in µs from send() to the frame in a journal,`)
  console.log('lag in messages that were sent and not handled')
  console.log('venue      sent/s handled/s  missing  age p50      p99  lag most  at the end  processor')
}
const results = []
for (const venue of chosen) {
  const result = await measure(venue)
  results.push(result)
  if (values.json) continue
  const { sentPerSecond, handledPerSecond, missing, p50Us, p99Us, lagMost, lagEnd, processor } = result
  const cells = [
    String(sentPerSecond).padStart(8),
    String(handledPerSecond).padStart(9),
    String(missing).padStart(8),
    String(p50Us).padStart(8),
    String(p99Us).padStart(8),
    String(lagMost).padStart(9),
    String(lagEnd).padStart(11),
    `${(100 * processor).toFixed(0)} %`.padStart(10),
  ]
  console.log(`${venue.padEnd(9)}${cells.join(' ')}`)
}
if (values.json) console.log(JSON.stringify({ seconds, rate, results }))
