// A venue that sends changes of one book at a rate, and knows how many it has sent.
import { createServer } from 'node:http'
import { WebSocketServer } from 'ws'
import { native } from '../../dist/native/index.js'
import { DepthBook } from './depth-book.js'
import { VENUES } from './depth-venues.js'

const { venue, rate, cpu } = JSON.parse(process.argv[2])
// The parent has ended.
process.on('disconnect', () => process.exit(1))
native.setAffinity([cpu])

const { levels, rest, hear, message } = VENUES[venue]
const book = new DepthBook(levels)
const nowUs = () => Number(process.hrtime.bigint() / 1000n)

const server = createServer((request, response) => {
  response.setHeader('content-type', 'application/json')
  response.end(JSON.stringify(rest(new URL(request.url, 'http://127.0.0.1'), book)))
})

new WebSocketServer({ server }).on('connection', socket => {
  let timer
  socket.addEventListener('message', ({ data: text }) => {
    if (text === 'ping') return socket.send('pong')
    const { answers, begins } = hear(JSON.parse(text), book)
    for (const answer of answers) socket.send(JSON.stringify(answer))
    if (!begins || timer !== undefined) return
    let last = performance.now()
    let due = 0
    // Timers have whole ms: several messages leave together.
    timer = setInterval(() => {
      const now = performance.now()
      due += ((now - last) * rate) / 1000
      last = now
      for (; due >= 1; due--) socket.send(JSON.stringify(message(book.change(), book.number)))
    }, 1)
  })
  socket.on('close', () => clearInterval(timer))
})

const samples = []
const take = () => samples.push({ at: nowUs(), last: book.number })
let sampling
process.on('message', what => {
  take()
  if (what === 'begin') sampling = setInterval(take, 5)
  else {
    clearInterval(sampling)
    process.send({ samples })
  }
})

server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }))
