// A server that speaks as much of OKX's public protocol as a feed of one instrument needs. Each quote has the time at which it was sent as
// the size of its bid: µs of the monotonic clock, which all processes of a machine share.
import { createServer } from 'node:http'
import { WebSocketServer } from 'ws'
import { native } from '../../dist/native/index.js'

const { rate, cpu } = JSON.parse(process.argv[2])
// The parent has ended.
process.on('disconnect', () => process.exit(1))
native.setAffinity([cpu])

const INSTRUMENT = {
  instType: 'SPOT',
  instId: 'BTC-USDT',
  baseCcy: 'BTC',
  quoteCcy: 'USDT',
  tickSz: '0.1',
  lotSz: '0.00000001',
  minSz: '0.00001',
  maxLmtSz: '100000',
  maxMktSz: '100000',
  state: 'live',
}

const server = createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url, 'http://127.0.0.1')
  const isSpot = searchParams.get('instType') === 'SPOT'
  const data = pathname.endsWith('/time') ? [{ ts: String(Date.now()) }] : isSpot ? [INSTRUMENT] : []
  response.setHeader('content-type', 'application/json')
  response.end(JSON.stringify({ code: '0', msg: '', data }))
})

new WebSocketServer({ server }).on('connection', socket => {
  let timer
  let seqId = 0
  const publish = () => {
    const sent = process.hrtime.bigint() / 1000n
    const bid = (60_000 + (seqId % 100) / 10).toFixed(1)
    const ask = (60_001 + (seqId % 100) / 10).toFixed(1)
    seqId++
    socket.send(
      `{"arg":{"channel":"bbo-tbt","instId":"BTC-USDT"},"data":[{"asks":[["${ask}","1","0","1"]],"bids":[["${bid}","${sent}","0","1"]],"ts":"${Date.now()}","seqId":${seqId}}]}`,
    )
  }
  socket.addEventListener('message', ({ data: text }) => {
    if (text === 'ping') return socket.send('pong')
    const { op, args } = JSON.parse(text)
    if (op !== 'subscribe') return
    for (const arg of args) {
      socket.send(JSON.stringify({ event: 'subscribe', arg, connId: 'bench' }))
      if (arg.channel !== 'bbo-tbt' || timer !== undefined) continue
      // Timers have whole ms: several messages leave together at more than 1000 a second.
      const together = Math.max(1, Math.round(rate / 1000))
      timer = setInterval(
        () => {
          for (let i = 0; i < together; i++) publish()
        },
        Math.max(1, 1000 / rate),
      )
    }
  })
  socket.on('close', () => clearInterval(timer))
})

server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }))
