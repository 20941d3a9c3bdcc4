import { timingSafeEqual } from 'node:crypto'
import { isIP } from 'node:net'
import { InvalidOptionError } from '../base/errors.js'
import { checkOptions, kinds } from '../base/options.js'

export interface ServeOptions {
  /** 0, the default: any free port. */
  readonly port?: number
  /** The address to listen on. Default '127.0.0.1'. Any other than this machine's own needs `token` and `tls`. */
  readonly host?: string
  /** What clients must show to read: 16 characters or more. Default: none is needed. */
  readonly token?: string
  /** The certificate and its key, PEM. */
  readonly tls?: { readonly cert: string | Buffer; readonly key: string | Buffer }
  /** Whether clients that show `commandToken` may halt the desk and cancel orders. Default false. */
  readonly allowCommands?: boolean
  /** What a client must show to command: 16 characters or more, and another one than `token`. */
  readonly commandToken?: string
  /** Origins of pages, beside the server's own, that may use it: 'https://desk.example.com'. */
  readonly origins?: readonly string[]
  readonly limits?: Partial<ServeLimits>
  /** Called with errors that no client can be told, such as a damaged journal. Default: they are ignored. */
  readonly onProblem?: (error: unknown) => void
}

/** What clients can use up at most. */
export interface ServeLimits {
  /** TCP connections at once. */
  readonly connections: number
  /** WebSockets at once. */
  readonly sockets: number
  /** Subscriptions of one socket. */
  readonly subscriptions: number
  /** Symbols of one subscription. */
  readonly symbols: number
  /** Messages of one socket in a second. */
  readonly messagesPerSecond: number
  /** Bytes of one message of a client, and of the body of a request. */
  readonly messageBytes: number
  /** Bytes of the headers of a request. */
  readonly headerBytes: number
  /** How long a client may take nothing of what waits for it, ms: then it is disconnected. */
  readonly slowMs: number
  /** Between two messages of market data, ms, while the server has time. */
  readonly tickMs: number
}

const LIMITS: ServeLimits = {
  connections: 20_000,
  sockets: 15_000,
  subscriptions: 64,
  symbols: 1000,
  messagesPerSecond: 100,
  messageBytes: 65_536,
  headerBytes: 16_384,
  slowMs: 30_000,
  tickMs: 200,
}

/** Options that were checked, with defaults. */
export interface CheckedOptions extends Required<Omit<ServeOptions, 'token' | 'tls' | 'commandToken' | 'limits'>> {
  readonly token: string | undefined
  readonly tls: ServeOptions['tls']
  readonly commandToken: string | undefined
  readonly limits: ServeLimits
}

/** Characters of a token at least. */
const SHORTEST_TOKEN = 16

/** @throws {InvalidOptionError} */
export function checkServeOptions(options: ServeOptions): CheckedOptions {
  checkOptions('serve', options, {
    port: kinds.integer(0, 65_535),
    host: kinds.string,
    token: kinds.string,
    tls: kinds.object,
    allowCommands: kinds.boolean,
    commandToken: kinds.string,
    origins: kinds.array,
    limits: kinds.object,
    onProblem: kinds.function,
  })
  const { host = '127.0.0.1', token, tls, allowCommands = false, commandToken, limits = {} } = options
  const positive = kinds.integer(1, 2 ** 31 - 1)
  checkOptions('the limits of serve', limits, Object.fromEntries(Object.keys(LIMITS).map(name => [name, positive])))
  for (const [name, value] of Object.entries({ token, commandToken })) checkToken(name, value)
  if (!isLoopback(host) && (token === undefined || tls === undefined))
    throw new InvalidOptionError(
      `${host} can be reached from other machines: give a token and TLS files (--token-file, --tls-cert, --tls-key), or leave out --host`,
    )
  if (allowCommands && commandToken === undefined)
    throw new InvalidOptionError('commands are allowed only with a token of their own: give --command-token-file')
  if (!allowCommands && commandToken !== undefined)
    throw new InvalidOptionError('a token for commands was given, but commands are not allowed: add --allow-commands')
  if (commandToken !== undefined && commandToken === token)
    throw new InvalidOptionError('the token for commands must be another one than the token for reading')
  return {
    port: options.port ?? 0,
    host,
    token,
    tls,
    allowCommands,
    commandToken,
    origins: (options.origins ?? []).map(checkedOrigin),
    limits: { ...LIMITS, ...definedOf(limits) },
    onProblem: options.onProblem ?? (() => {}),
  }
}

/** Whether an address can be reached from this machine only. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))
}

/** Whether two secrets are the same, in a time that does not depend on where they differ. */
export function isSameSecret(given: string, wanted: string): boolean {
  const a = Buffer.alloc(Math.max(1, Buffer.byteLength(wanted)))
  const b = Buffer.from(a)
  b.write(wanted)
  const length = Buffer.byteLength(given)
  a.write(given)
  // Both are of the wanted length: the lengths are compared beside it.
  return timingSafeEqual(a, b) && length === Buffer.byteLength(wanted)
}

function checkToken(name: string, token: string | undefined): void {
  if (token === undefined || /^[\x21-\x7e]{16,512}$/.test(token)) return
  throw new InvalidOptionError(
    `the ${name} takes ${SHORTEST_TOKEN} to 512 printable ASCII characters without spaces; 'openssl rand -hex 32' makes one`,
  )
}

function checkedOrigin(origin: string): string {
  if (URL.canParse(origin) && new URL(origin).origin === origin) return origin
  throw new InvalidOptionError(`an origin is a scheme and a host, such as https://desk.example.com, not '${origin}'`)
}

function definedOf(limits: Partial<ServeLimits>): Partial<ServeLimits> {
  return Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== undefined))
}
