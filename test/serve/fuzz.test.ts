// Requests and messages that nobody would send: no crash, no leak, no file from outside, and the next request is answered.
import { mkdirSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { Writer } from 'ticktape'
import { serve } from 'ticktape/serve'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { makeFolderForAll } from '../support/folders.ts'
import { fill, Note, PAGE_SIZE, Quote } from '../support/journals.ts'
import { ask } from '../support/serve.ts'

/** How many; TICKTAPE_SERVE_CASES=100000 for the long form (npm run test:serve). */
const CASES = Number(process.env['TICKTAPE_SERVE_CASES'] ?? 2000)
/** Connections at once. */
const AT_ONCE = 20

const folder = makeFolderForAll('memory')
const journal = join(folder, 'quotes')
const problems: unknown[] = []
let server: Awaited<ReturnType<typeof serve>>

beforeAll(async () => {
  mkdirSync(journal)
  using writer = Writer.open(journal, { pageSize: PAGE_SIZE, durability: 'process', frames: [Quote, Note] })
  fill(writer, 500)
  const limits = { messagesPerSecond: 100_000 }
  server = await serve(journal, { limits, onProblem: error => problems.push(error) })
})

afterAll(async () => {
  await server.stop()
})

/** Numbers from a seed: a case that fails can be made again. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed
  return below => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

const PIECES = [
  [
    '/',
    '..',
    '%2e',
    '%00',
    '%',
    '\0',
    '\r',
    '\n',
    '?',
    '&',
    '=',
    '#',
    ' ',
    '"',
    '\\',
    '<script>',
    '\u00e4',
    '\u{1f600}',
  ],
  [
    'api',
    'ws',
    'frames',
    'journals',
    'quotes',
    'why',
    'state',
    'orders',
    'market',
    'commands',
    'halt',
    'etc',
    'passwd',
  ],
  [
    'from',
    'position',
    'time',
    'limit',
    'type',
    'journal',
    'symbols',
    'start',
    'end',
    'last',
    '__proto__',
    'constructor',
  ],
  [
    '0',
    '-1',
    '1',
    '999999999999',
    '9007199254740993',
    '18446744073709551616',
    '1e9',
    'NaN',
    '0x10',
    '2026-01-31',
    'x'.repeat(300),
  ],
].flat()
const HEADERS = [
  ['Host: 127.0.0.1', 'Host: evil.example', 'Origin: http://evil.example', 'Content-Length: 10', 'Content-Length: -1'],
  [
    'Transfer-Encoding: chunked',
    'Authorization: Bearer x',
    'Upgrade: websocket',
    'Connection: Upgrade',
    'Expect: 100-continue',
  ],
  [
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Extensions: permessage-deflate',
  ],
  ['Content-Type: application/json', `X: ${'y'.repeat(30_000)}`, 'X\0: 1', ': empty', 'Cookie: \u0001'],
].flat()
const METHODS = [
  'GET',
  'GET',
  'GET',
  'POST',
  'HEAD',
  'PUT',
  'DELETE',
  'OPTIONS',
  'TRACE',
  'CONNECT',
  'get',
  'X'.repeat(50),
]

function fuzzedRequest(random: (below: number) => number): Buffer {
  const some = <T>(list: readonly T[], most: number): T[] =>
    Array.from({ length: random(most + 1) }, () => list[random(list.length)])
  const path = `/${random(2) === 0 ? 'api/' : ''}${some(PIECES, 6).join('')}`
  const headers = ['Host: 127.0.0.1', ...some(HEADERS, 4)].map(header => `${header}\r\n`).join('')
  const text = `${METHODS[random(METHODS.length)]} ${path} HTTP/1.${random(3)}\r\n${headers}\r\n${some(PIECES, 3).join('')}`
  const bytes = Buffer.from(text)
  // Some have single bytes changed, some are cut.
  if (random(4) === 0) for (let n = random(5); n >= 0; n--) bytes[random(bytes.length)] = random(256)
  return random(6) === 0 ? bytes.subarray(0, random(bytes.length)) : bytes
}

/** Sends bytes and takes the answer, until the server ends it or there is none. */
async function exchange(bytes: Buffer): Promise<string> {
  return new Promise(resolve => {
    let heard = ''
    const socket = connect(server.port, '127.0.0.1')
    const end = (): void => {
      clearTimeout(timer)
      socket.destroy()
      resolve(heard)
    }
    const timer = setTimeout(end, 20)
    socket.on('data', chunk => {
      heard += chunk.toString('latin1')
      end()
    })
    socket.on('error', end).on('close', end)
    // The server takes what came; it need not wait for the rest.
    socket.end(bytes)
  })
}

it(`${CASES} requests from a seed: each is answered or dropped`, { timeout: 60_000 + CASES * 50 }, async () => {
  const random = randomFrom(7)
  for (let done = 0; done < CASES; done += AT_ONCE) {
    const requests = Array.from({ length: AT_ONCE }, () => fuzzedRequest(random))
    const answers = await Promise.all(requests.map(exchange))
    for (const [i, answer] of answers.entries()) {
      expect(answer, JSON.stringify(requests[i].toString('latin1').slice(0, 300))).toMatch(
        /^(HTTP\/1\.1 [1245]\d\d |$)/,
      )
      expect(answer).not.toMatch(/root:x|HTTP\/1\.1 500/)
    }
  }
  expect((await ask(server, '/api/frames?from=start&limit=1')).status).toBe(200)
  expect(problems).toEqual([])
})

const WORDS = [
  [
    'op',
    'subscribe',
    'unsubscribe',
    'ping',
    'channel',
    'market',
    'frames',
    'orders',
    'symbols',
    'from',
    'types',
    'form',
    'id',
  ],
  [
    'json',
    'binary',
    'start',
    'end',
    '*',
    'quotes',
    '../quotes',
    '__proto__',
    'constructor',
    'Quote',
    '',
    '\0',
    '\ud800',
  ],
].flat()

function fuzzedValue(random: (below: number) => number, depth = 0): unknown {
  const kind = random(depth > 3 ? 5 : 8)
  if (kind < 3) return WORDS[random(WORDS.length)]
  if (kind === 3) return [0, -1, 1.5, 1e300, 5, 2 ** 53][random(6)]
  if (kind === 4) return [null, true, false][random(3)]
  if (kind === 5) return Array.from({ length: random(4) }, () => fuzzedValue(random, depth + 1))
  return fuzzedMessage(random, depth + 1)
}

function fuzzedMessage(random: (below: number) => number, depth = 0): Record<string, unknown> {
  const message: Record<string, unknown> = { op: WORDS[1 + random(3)], channel: WORDS[5 + random(3)] }
  for (let n = random(4); n > 0; n--) message[WORDS[random(WORDS.length)]] = fuzzedValue(random, depth)
  return message
}

/** The connection below a socket. */
function rawOf(socket: WebSocket): Socket {
  // oxlint-disable-next-line no-underscore-dangle -- The package has no other name for it.
  return (socket as unknown as { readonly _socket: Socket })._socket
}

it(`${CASES} messages from a seed: each is answered, or ends its socket with a code`, {
  timeout: 60_000 + CASES * 20,
}, async () => {
  const random = randomFrom(11)
  const codes = new Set<number>()
  let answers = 0
  for (let left = CASES; left > 0; ) {
    const socket = new WebSocket(`ws://127.0.0.1:${server.port}/ws`)
    let isOver = false
    socket.on('message', () => answers++)
    const closed = new Promise<void>(resolve => {
      socket.on('close', code => {
        codes.add(code)
        isOver = true
        resolve()
      })
    })
    socket.on('error', () => {})
    await new Promise<void>((resolve, reject) => socket.once('open', resolve).once('error', reject))
    for (let n = 0; n < 100 && !isOver; n++, left--) {
      const text = JSON.stringify(random(50) === 0 ? fuzzedValue(random) : fuzzedMessage(random))
      const kind = random(40)
      if (kind === 0) socket.send(text.slice(0, random(text.length)))
      else if (kind === 1) socket.send(Buffer.from(text))
      else socket.send(text)
      if (n % 20 === 19) await new Promise(resolve => setImmediate(resolve))
    }
    // Sometimes what is no frame at all.
    if (random(5) === 0) rawOf(socket).write(Buffer.alloc(20, 0xff))
    else socket.close(1000)
    await closed
  }
  expect(answers).toBeGreaterThan(CASES / 10)
  expect([...codes].filter(code => ![1000, 1002, 1006, 4400].includes(code))).toEqual([])
  expect(problems).toEqual([])
  const end = Date.now() + 10_000
  while (server.clients > 0 && Date.now() < end) await new Promise(resolve => setTimeout(resolve, 20))
  expect(server.clients).toBe(0)
})
