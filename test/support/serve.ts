/** Servers for tests, what they answer, and sockets that keep what they hear. */
import { request } from 'node:http'
import { connect } from 'node:net'
import { type ServeOptions, serve, type TicktapeServer } from 'ticktape/serve'
import { onTestFinished } from 'vitest'
import { WebSocket } from 'ws'

/** A server that is stopped at the end of the test. An error that no client is told fails the test. */
export async function startServer(directory: string, options: ServeOptions = {}): Promise<TicktapeServer> {
  const problems: unknown[] = []
  const server = await serve(directory, { onProblem: error => problems.push(error), ...options })
  onTestFinished(async () => {
    await server.stop()
    if (problems.length > 0) throw new AggregateError(problems, 'the server had problems')
  })
  return server
}

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly json: any
}

/** One request, as it is: nothing is added to it or made valid. */
export async function ask(
  { port }: { readonly port: number },
  path: string,
  {
    method = 'GET',
    headers = {},
    body = '',
  }: { method?: string; headers?: Record<string, string>; body?: string } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, path, method, headers, agent: false }, response => {
      let text = ''
      response.setEncoding('utf8').on('data', chunk => (text += String(chunk)))
      response.on('end', () => {
        const isJson = String(response.headers['content-type']).startsWith('application/json')
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: text,
          json: isJson && text !== '' ? JSON.parse(text) : undefined,
        })
      })
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

/** What a server answers to bytes; '' when it closes the connection without an answer. */
export async function tell(
  { port }: { readonly port: number },
  bytes: string | Uint8Array,
  ms = 2000,
): Promise<string> {
  return new Promise(resolve => {
    let heard = ''
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes))
    const end = (): void => {
      clearTimeout(timer)
      socket.destroy()
      resolve(heard)
    }
    const timer = setTimeout(end, ms)
    socket.on('data', chunk => {
      heard += chunk.toString('latin1')
      if (/\r\n\r\n/.test(heard)) end()
    })
    socket.on('error', end).on('close', end)
  })
}

// oxlint-disable-next-line typescript/no-explicit-any
export type Message = any

/** A socket that keeps every message until somebody waits for it. */
export class Heard {
  readonly messages: Message[] = []
  readonly binary: Buffer[] = []
  closed: { readonly code: number; readonly reason: string } | undefined = undefined
  private wake: () => void = () => {}

  constructor(readonly socket: WebSocket) {
    socket.on('message', (data, isBinary) => {
      if (isBinary) this.binary.push(data as Buffer)
      else this.messages.push(JSON.parse((data as Buffer).toString()))
      this.wake()
    })
    socket.on('close', (code, reason) => {
      this.closed = { code, reason: String(reason) }
      this.wake()
    })
  }

  send(message: unknown): void {
    this.socket.send(typeof message === 'string' ? message : JSON.stringify(message))
  }

  /** Waits until it is so. */
  async until(condition: () => boolean, what: string, ms = 20_000): Promise<void> {
    const end = Date.now() + ms
    while (!condition()) {
      if (Date.now() > end)
        throw new Error(`${what}: not within ${ms} ms; heard ${JSON.stringify(this.messages.slice(-3))}`)
      await new Promise<void>(resolve => {
        const timer = setTimeout(resolve, 50)
        this.wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
  }

  /** The first message of a type. */
  async message(type: string): Promise<Message> {
    await this.until(() => this.messages.some(one => one.type === type), `a message '${type}'`)
    return this.messages.find(one => one.type === type)
  }

  async end(): Promise<{ readonly code: number; readonly reason: string }> {
    await this.until(() => this.closed !== undefined, 'the end of the socket')
    return this.closed as { readonly code: number; readonly reason: string }
  }
}

/** A socket of a client, open. @throws when it is refused: the message has the status. */
export async function openSocket(
  { port }: { readonly port: number },
  {
    headers = {},
    protocols = [],
    path = '/ws',
  }: { headers?: Record<string, string>; protocols?: string[]; path?: string } = {},
): Promise<Heard> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, protocols, { headers, perMessageDeflate: false })
  onTestFinished(() => socket.terminate())
  const heard = new Heard(socket)
  await new Promise<void>((resolve, reject) => socket.once('open', resolve).once('error', reject))
  return heard
}
