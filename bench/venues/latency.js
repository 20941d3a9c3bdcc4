// From the socket to the handler of a strategy, beside ccxt pro, and beside the least that any reader of JSON needs. The receiver has a core
// of its own; a desk is two processes, gateway and strategy, which may use all cores.
//
//   npm ci --ignore-scripts --prefix test/ccxt && npm run build
//   node bench/venues/latency.js [--rate 1000] [--count 20000] [--wait event-loop|spin]
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

const { values } = parseArgs({
  options: {
    rate: { type: 'string', default: '1000' },
    count: { type: 'string', default: '20000' },
    wait: { type: 'string', default: 'event-loop' },
  },
})
const [rate, count] = [Number(values.rate), Number(values.count)]
const ccxt = join(import.meta.dirname, '../../test/ccxt/node_modules/ccxt')
/** The first quotes are those of code that is not compiled yet. */
const WARM_UP = 0.25

const start = (file, settings) => fork(join(import.meta.dirname, file), [JSON.stringify(settings)])

async function measure(way) {
  const server = start('server.js', { rate, cpu: 0 })
  try {
    const [{ port }] = await once(server, 'message')
    const consumer = start('consumer.js', { way, port, count, ccxt, wait: values.wait, cpu: 1 })
    const ended = once(consumer, 'exit').then(([code]) => {
      throw new Error(`the process of '${way}' has ended with code ${code}`)
    })
    const [{ ages }] = await Promise.race([once(consumer, 'message'), ended])
    ended.catch(() => {})
    return ages.slice(Math.floor(count * WARM_UP))
  } finally {
    server.kill('SIGKILL')
  }
}

const quantile = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]
const mean = ages => ages.reduce((sum, age) => sum + age, 0) / ages.length

console.log(`${rate} quotes a second, ${count} quotes; from send() to the code that uses it, in µs`)
console.log('way        p50    p99    mean of the first and of the last tenth')
for (const way of ['limit', 'ticktape', 'ccxt']) {
  if (way === 'ccxt' && !existsSync(ccxt)) {
    console.log('ccxt       not installed: npm ci --ignore-scripts --prefix test/ccxt')
    continue
  }
  const ages = await measure(way)
  const tenth = Math.floor(ages.length / 10)
  const [first, last] = [mean(ages.slice(0, tenth)), mean(ages.slice(-tenth))]
  const sorted = ages.toSorted((a, b) => a - b)
  const cells = [quantile(sorted, 0.5), quantile(sorted, 0.99), first, last].map(value =>
    String(Math.round(value)).padStart(6),
  )
  console.log(`${way.padEnd(9)}${cells.join(' ')}`)
}
