import type { IncomingMessage } from 'node:http'
import { RequestError } from '../errors.js'
import { type CheckedOptions, isLoopback, isSameSecret } from '../options.js'

/** The WebSocket protocol that clients may ask for, and the beginning of the one that holds a token. */
export const SOCKET_PROTOCOL = 'ticktape'
const TOKEN_PROTOCOL = 'token.'

/** Who may ask what: by the address, the page that asks, and the token. */
export class Access {
  constructor(private readonly options: CheckedOptions) {}

  /**
   * Refuses a request from a page of another site, and one whose Host is a name that a foreign DNS server made point here.
   *
   * @throws {RequestError}
   */
  checkOrigin({ headers }: IncomingMessage): void {
    const { host, token, origins, tls } = this.options
    const { host: asked = '', origin } = headers
    if (token === undefined && isLoopback(host) && !LOOPBACK_HOST.test(asked))
      throw new RequestError(
        403,
        'ERR_HOST',
        'the request is for another host than 127.0.0.1 or localhost; a server without a token answers these only',
      )
    if (origin === undefined) return
    const own = `${tls === undefined ? 'http' : 'https'}://${asked}`
    if (origin !== own && !origins.includes(origin))
      throw new RequestError(403, 'ERR_ORIGIN', `pages of ${clipped(origin)} may not ask this server`)
  }

  /** @throws {RequestError} unless the request shows the token for reading, or that for commands. */
  checkReader(request: IncomingMessage): void {
    const { token, commandToken } = this.options
    if (token === undefined) return
    const shown = shownToken(request)
    // Both are compared always, so that the time says nothing.
    const isReader = isSameSecret(shown, token)
    const isCommander = commandToken !== undefined && isSameSecret(shown, commandToken)
    if (!isReader && !isCommander) throw unauthorised('reading')
  }

  /** @throws {RequestError} unless commands are allowed and the request shows their token. */
  checkCommander(request: IncomingMessage): void {
    const { allowCommands, commandToken } = this.options
    if (!allowCommands || commandToken === undefined)
      throw new RequestError(
        403,
        'ERR_READ_ONLY',
        'this server is read-only; ticktape serve --allow-commands allows halts and cancels',
      )
    if (!isSameSecret(shownToken(request), commandToken)) throw unauthorised('commands')
  }
}

const LOOPBACK_HOST = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d{1,5})?$/

/** The token of `Authorization: Bearer`, or of the WebSocket protocol `token.<base64url>`, as pages can give it; '' for none. */
function shownToken({ headers }: IncomingMessage): string {
  const bearer = /^Bearer ([\x21-\x7e]+)$/i.exec(headers.authorization ?? '')
  if (bearer !== null) return bearer[1]
  const protocols = (headers['sec-websocket-protocol'] ?? '').split(',').map(one => one.trim())
  const protocol = protocols.find(one => one.startsWith(TOKEN_PROTOCOL))
  return protocol === undefined ? '' : Buffer.from(protocol.slice(TOKEN_PROTOCOL.length), 'base64url').toString()
}

function unauthorised(what: string): RequestError {
  return new RequestError(
    401,
    'ERR_TOKEN',
    `the token for ${what} is missing or wrong: send it as 'Authorization: Bearer TOKEN'`,
  )
}

function clipped(text: string): string {
  return text.slice(0, 100)
}
