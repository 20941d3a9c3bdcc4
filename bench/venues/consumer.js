// One way from the socket to code that uses a quote. It takes so many quotes, and says how old each was, in µs.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { WebSocket } from 'ws'
import { native } from '../../dist/native/index.js'

const { way, port, count, cpu, wait, ccxt: folder } = JSON.parse(process.argv[2])
const endpoint = `ws://127.0.0.1:${port}`
// The desk has two processes on this side: its gateway is here, its strategy where the sender is not busy.
if (way !== 'ticktape') native.setAffinity([cpu])

// The parent has ended.
process.on('disconnect', () => process.exit(1))
const ages = []
const take = sentUs => {
  ages.push(Number(process.hrtime.bigint() / 1000n) - sentUs)
  if (ages.length === count) process.send({ ages }, () => process.exit(0))
}

const WAYS = {
  /** JSON.parse and the access to the fields: no program that reads these messages as JSON needs less. */
  limit() {
    const socket = new WebSocket(`${endpoint}/ws/v5/public`, { perMessageDeflate: false })
    const args = [{ channel: 'bbo-tbt', instId: 'BTC-USDT' }]
    socket.on('open', () => socket.send(JSON.stringify({ op: 'subscribe', args })))
    socket.addEventListener('message', ({ data: text }) => {
      const { data: rows } = JSON.parse(text)
      if (rows === undefined) return
      const [{ bids, asks }] = rows
      if (Number(asks[0][0]) > Number(bids[0][0])) take(Number(bids[0][1]))
    })
  },

  /** The whole desk: feed, gateway with its journal, and the handler of a strategy in its process. */
  async ticktape() {
    const { Gateway } = await import('../../dist/public/runtime.js')
    const { OkxFeed } = await import('../../dist/exchanges/okx/okx-feed.js')
    const home = mkdtempSync(join(process.platform === 'linux' ? '/dev/shm' : tmpdir(), 'ticktape-bench-venues-'))
    process.on('exit', () => rmSync(home, { recursive: true, force: true }))
    const [file, result] = [join(home, 'strategy.mjs'), join(home, 'ages.json')]
    const runtime = pathToFileURL(join(import.meta.dirname, '../../dist/public/runtime.js')).href
    writeFileSync(
      file,
      `import { writeFileSync, renameSync } from 'node:fs'
       import { defineStrategy } from '${runtime}'
       const ages = []
       export default defineStrategy({ id: 'a', symbols: ['BTC-USDT'],
         onBook({ bid, ask, bidSize }) {
           if (!(ask > bid) || ages.length >= ${count}) return
           ages.push(Number(process.hrtime.bigint() / 1000n) - bidSize)
           if (ages.length < ${count}) return
           writeFileSync('${result}.part', JSON.stringify(ages))
           renameSync('${result}.part', '${result}')
         } })`,
    )
    const feed = new OkxFeed({ endpoint, symbols: ['BTC-USDT'] })
    const gateway = await Gateway.start({ home: join(home, 'home'), feed, strategies: [file], speed: 'max', wait })
    while (!existsSync(result)) await sleep(100)
    const found = JSON.parse(readFileSync(result, 'utf8'))
    await gateway.stop()
    process.send({ ages: found }, () => process.exit(0))
  },

  /** The loop of ccxt pro that its manual shows. */
  async ccxt() {
    const require = createRequire(join(folder, 'package.json'))
    const { default: ccxt } = await import(pathToFileURL(require.resolve('./js/ccxt.js')).href)
    const exchange = new ccxt.pro.okx({})
    exchange.has.fetchCurrencies = false
    exchange.urls.api = { rest: `http://127.0.0.1:${port}`, ws: `${endpoint}/ws/v5` }
    await exchange.loadHttpProxyAgent()
    await exchange.loadMarkets()
    for (;;) {
      const { 'BTC/USDT': quote } = await exchange.watchBidsAsks(['BTC/USDT'])
      if (quote.ask > quote.bid) take(quote.bidVolume)
    }
  },
}

await WAYS[way]()
