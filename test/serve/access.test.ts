// Who may ask a server what: addresses, tokens, origins; and what it does with what is no request.
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync } from 'node:fs'
import { get } from 'node:https'
import { join } from 'node:path'
import { Writer } from 'ticktape'
import { serve } from 'ticktape/serve'
import { beforeEach, expect, it } from 'vitest'
import { makeFolder } from '../support/folders.ts'
import { fill, Note, PAGE_SIZE, Quote, ticktape } from '../support/journals.ts'
import { ask, openSocket, startServer, tell } from '../support/serve.ts'

const TOKEN = 'a-token-of-24-characters'
const COMMAND_TOKEN = 'another-token-of-32-characters--'

let journal: string

beforeEach(() => {
  journal = join(makeFolder('memory'), 'quotes')
  mkdirSync(journal)
  using writer = Writer.open(journal, { pageSize: PAGE_SIZE, durability: 'process', frames: [Quote, Note] })
  fill(writer, 10)
})

it('a server that others can reach needs a token and TLS; commands need a token of their own', async () => {
  const cases = [
    [{ host: '0.0.0.0' }, 'give a token and TLS files'],
    [{ host: '::', token: TOKEN }, 'give a token and TLS files'],
    [{ token: 'short' }, '16 to 512'],
    [{ allowCommands: true }, 'give --command-token-file'],
    [{ commandToken: COMMAND_TOKEN }, 'add --allow-commands'],
    [{ allowCommands: true, token: TOKEN, commandToken: TOKEN }, 'another one'],
    [{ origins: ['https://a.example/path'] }, 'a scheme and a host'],
    [{ limits: { sockets: 0 } }, 'a whole number'],
    [{ limits: { socket: 1 } as object }, "no option 'socket'"],
  ] as const
  for (const [options, message] of cases) await expect(serve(journal, options)).rejects.toThrow(message)
  const command = ticktape('serve', journal, '--host', '0.0.0.0')
  expect([command.status, command.stderr]).toEqual([2, expect.stringContaining('ERR_INVALID_OPTION')])
})

it('the token is asked for by REST and by the socket, and is never in an answer', async () => {
  const server = await startServer(journal, { token: TOKEN })
  for (const headers of [
    {},
    { authorization: 'Bearer wrong-token-of-24-chars--' },
    { authorization: `Basic ${TOKEN}` },
  ]) {
    const answer = await ask(server, '/api/journals', { headers: headers as Record<string, string> })
    expect([answer.status, answer.headers['www-authenticate']]).toEqual([401, 'Bearer'])
    expect(answer.body).not.toContain(TOKEN)
  }
  expect((await ask(server, '/api/journals', { headers: { authorization: `Bearer ${TOKEN}` } })).status).toBe(200)
  // The dashboard itself holds nothing.
  expect((await ask(server, '/')).status).toBe(200)
  await expect(openSocket(server)).rejects.toThrow('401')
  await expect(openSocket(server, { protocols: ['ticktape', 'token.d3Jvbmc'] })).rejects.toThrow('401')
  const protocols = ['ticktape', `token.${Buffer.from(TOKEN).toString('base64url')}`]
  const heard = await openSocket(server, { protocols })
  expect(heard.socket.protocol).toBe('ticktape')
  await openSocket(server, { headers: { authorization: `Bearer ${TOKEN}` } })
})

it('pages of other sites are refused, by REST and by the socket; so are names that only seem to be this machine', async () => {
  const server = await startServer(journal, { origins: ['https://desk.example'] })
  const own = `http://127.0.0.1:${server.port}`
  const host = `127.0.0.1:${server.port}`
  const statusOf = async (headers: Record<string, string>): Promise<number> =>
    (await ask(server, '/api/journals', { headers: { host, ...headers } })).status
  expect(await statusOf({ origin: own })).toBe(200)
  expect(await statusOf({ origin: 'https://desk.example' })).toBe(200)
  for (const origin of ['https://evil.example', 'null', `http://127.0.0.1:${server.port + 1}`, `${own}.evil.example`])
    expect([origin, await statusOf({ origin })]).toEqual([origin, 403])
  for (const other of ['evil.example', `127.0.0.1.evil.example:${server.port}`, '10.0.0.1'])
    expect([other, await statusOf({ host: other })]).toEqual([other, 403])
  await expect(openSocket(server, { headers: { origin: 'https://evil.example' } })).rejects.toThrow('403')
  await openSocket(server, { headers: { origin: own } })
})

it('a server is read-only unless it is told otherwise', async () => {
  const server = await startServer(journal)
  const answer = await ask(server, '/api/commands/halt', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{}',
  })
  expect([answer.status, answer.json.error.code]).toEqual([403, 'ERR_READ_ONLY'])
})

it('TLS, as any other address needs it', async () => {
  const folder = makeFolder()
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
  execFileSync(
    'openssl',
    ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '1', '-subj', '/CN=desk', '-keyout', key, '-out', cert],
    { stdio: 'ignore' },
  )
  const tls = { key: readFileSync(key), cert: readFileSync(cert) }
  const server = await startServer(journal, { token: TOKEN, tls })
  expect(server.url).toMatch(/^https:/)
  const status = await new Promise<number | undefined>((resolve, reject) => {
    get(
      `${server.url}api/journals`,
      { rejectUnauthorized: false, headers: { authorization: `Bearer ${TOKEN}` }, agent: false },
      response => {
        response.resume()
        resolve(response.statusCode)
      },
    ).on('error', reject)
  })
  expect(status).toBe(200)
})

it('a file with a token that others may read is refused by the command', () => {
  const folder = makeFolder()
  const file = join(folder, 'token')
  execFileSync('sh', ['-c', `echo ${TOKEN} > ${file}; chmod 644 ${file}`])
  const { status, stderr } = ticktape('serve', journal, '--port', '0', '--token-file', file)
  expect([status, stderr]).toEqual([2, expect.stringContaining('may be read by others')])
})

it('what is no HTTP is answered or dropped, and the next request is answered', async () => {
  const server = await startServer(journal)
  const head = `Host: 127.0.0.1:${server.port}\r\n`
  const cases: readonly (readonly [bytes: string, wanted: RegExp])[] = [
    ['\r\n\r\n\0\0\0', /^HTTP\/1.1 400|^$/],
    ['GET\r\n\r\n', /^HTTP\/1.1 400/],
    [`GET / HTTP/9.9\r\n${head}\r\n`, /^HTTP\/1.1 400|505/],
    ['GET /api/ HTTP/1.1\r\n\r\n', /^HTTP\/1.1 400/],
    [`GET /api/ HTTP/1.1\r\n${head}X: ${'x'.repeat(20_000)}\r\n\r\n`, /^HTTP\/1.1 4/],
    [
      `POST /api/commands/halt HTTP/1.1\r\n${head}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      /^HTTP\/1.1 40/,
    ],
    [`GET /ws HTTP/1.1\r\n${head}Upgrade: websocket\r\nConnection: Upgrade\r\n\r\n`, /^HTTP\/1.1 4/],
    [
      `GET /ws HTTP/1.1\r\n${head}Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: x\r\nSec-WebSocket-Version: 13\r\n\r\n`,
      /^HTTP\/1.1 4/,
    ],
    [
      `GET /other HTTP/1.1\r\n${head}Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n`,
      /^HTTP\/1.1 404/,
    ],
  ]
  for (const [bytes, wanted] of cases) {
    const answer = await tell(server, bytes, 1000)
    expect([bytes.slice(0, 60), answer]).toEqual([bytes.slice(0, 60), expect.stringMatching(wanted)])
    expect((await ask(server, '/api/')).status).toBe(200)
  }
})
