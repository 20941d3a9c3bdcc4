import * as fs from 'node:fs'
import type { Authenticator, NatsConnection, NodeConnectionOptions } from '@nats-io/transport-node'
import { InvalidOptionError } from '../../base/errors.js'
import { formatValue } from '../../base/format-value.js'
import { fromSystemError } from '../../base/system-error.js'
import { StreamServerError } from '../errors.js'
import type { NatsPackages } from './packages.js'
import { untilItWorks } from './patience.js'

/** A NATS server, and who we are to it. What is secret comes from files, never from an address or an option. */
export interface ServerOptions {
  /** 'nats://HOST:PORT' or 'tls://HOST:PORT'; of a cluster several, separated by commas. */
  readonly server: string
  /** A file with a user's JWT and seed, as `nsc` writes it. */
  readonly creds?: string
  /** A file with the seed of an NKey. */
  readonly nkey?: string
  /** A file with a token, in its first line. */
  readonly tokenFile?: string
  /** A user's name; `passwordFile` has the password in its first line. */
  readonly user?: string
  readonly passwordFile?: string
  /** A file with the certificates, in PEM, that may sign the server's. With it, or a 'tls://' address, the connection must be encrypted. */
  readonly tlsCa?: string
  /** Files with our own certificate and its key, in PEM. */
  readonly tlsCert?: string
  readonly tlsKey?: string
}

/** ms between two attempts to connect again. */
const RECONNECT_MS = 100
/** ms that connecting may take. */
const CONNECT_MS = 5000

/**
 * Connects, as soon as there is a server. The connection is made again, without an end, when it is lost later. Undefined when the signal
 * aborts first.
 *
 * @param onWait is called once while there is no server, with the reason.
 * @throws {StreamServerError} when the server refuses us; {InvalidOptionError}, {NotFoundError}, {SystemCallError} for files.
 */
export async function connect(
  nats: NatsPackages,
  options: ServerOptions,
  name: string,
  signal: AbortSignal,
  onWait: (why: string) => void,
): Promise<NatsConnection | undefined> {
  const wanted = connectionOptions(nats, options, name)
  return untilItWorks(
    () => connectOnce(nats, options, wanted),
    signal,
    why => onWait(`no server answers at ${options.server} (${why})`),
  )
}

async function connectOnce(
  nats: NatsPackages,
  options: ServerOptions,
  wanted: NodeConnectionOptions,
): Promise<NatsConnection> {
  try {
    return await nats.transport.connect(wanted)
  } catch (error) {
    if (isNotThere(error)) throw error
    throw new StreamServerError(
      `cannot connect to ${options.server}: ${(error as Error).message}; is that a nats-server, and may this user connect?`,
      { cause: error },
    )
  }
}

/**
 * The error of a request, unless the connection was closed for good: then no attempt would succeed any more.
 *
 * @returns {StreamServerError}, or the given error.
 */
export async function finalIfClosed(connection: NatsConnection, error: unknown): Promise<unknown> {
  if (!connection.isClosed()) return error
  const cause = (await connection.closed()) ?? error
  return new StreamServerError(
    `the server does not let this process connect again: ${(cause as Error).message}; may this user still connect?`,
    { cause },
  )
}

/** Whether no server listens, or it is too busy: there may be one soon. Everything else, such as a wrong name or password, stays wrong. */
function isNotThere(error: unknown): boolean {
  const { name, message, cause } = error as Error
  // The system's error as it is, of a server that ends while it answers; or what the client says of it.
  const codes = [error, cause].map(one => (one as NodeJS.ErrnoException | undefined)?.code ?? '')
  return name === 'TimeoutError' || message === 'connection refused' || codes.some(code => ABSENT.has(code))
}

const ABSENT: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EPIPE',
])

function connectionOptions(nats: NatsPackages, options: ServerOptions, name: string): NodeConnectionOptions {
  const { tlsCa, tlsCert, tlsKey } = options
  const servers = options.server.split(',').map(checkedAddress)
  if ((tlsCert === undefined) !== (tlsKey === undefined))
    throw new InvalidOptionError('a certificate and its key belong together: give both, or none')
  const isEncrypted = tlsCa !== undefined || tlsCert !== undefined || servers.some(one => one.startsWith('tls://'))
  return {
    servers,
    name,
    authenticator: authenticatorOf(nats, options),
    tls: isEncrypted
      ? { ca: textOf(tlsCa), cert: textOf(tlsCert), key: textOf(tlsKey), handshakeFirst: false }
      : undefined,
    timeout: CONNECT_MS,
    maxReconnectAttempts: -1,
    reconnectTimeWait: RECONNECT_MS,
    reconnectJitter: RECONNECT_MS,
    ignoreAuthErrorAbort: false,
  }
}

/** @throws {InvalidOptionError} */
function checkedAddress(text: string): string {
  const address = text.trim()
  const url = URL.canParse(address) ? new URL(address) : undefined
  if (url === undefined || (url.protocol !== 'nats:' && url.protocol !== 'tls:') || url.hostname === '')
    throw new InvalidOptionError(
      `a NATS server has an address such as nats://127.0.0.1:4222 or tls://nats.example.com:4222, not ${formatValue(address)}`,
    )
  if (url.username !== '' || url.password !== '')
    throw new InvalidOptionError(
      'an address with a password can be seen by every user of the machine: give the user by --user and --password-file, or --creds',
    )
  return address
}

function authenticatorOf({ transport }: NatsPackages, options: ServerOptions): Authenticator | undefined {
  const { creds, nkey, tokenFile, user, passwordFile } = options
  if ([creds, nkey, tokenFile, user].filter(one => one !== undefined).length > 1)
    throw new InvalidOptionError('give one of a creds file, an NKey, a token and a user')
  if (passwordFile !== undefined && user === undefined)
    throw new InvalidOptionError('a password belongs to a user: give the user too')
  if (creds !== undefined) return transport.credsAuthenticator(bytesOf(creds))
  if (nkey !== undefined) return transport.nkeyAuthenticator(Buffer.from(firstLine(nkey)))
  if (tokenFile !== undefined) return transport.tokenAuthenticator(firstLine(tokenFile))
  if (user === undefined) return undefined
  return transport.usernamePasswordAuthenticator(user, passwordFile === undefined ? undefined : firstLine(passwordFile))
}

function textOf(file: string | undefined): string | undefined {
  return file === undefined ? undefined : bytesOf(file).toString('utf8')
}

function firstLine(file: string): string {
  return bytesOf(file).toString('utf8').split('\n')[0].trim()
}

function bytesOf(file: string): Buffer {
  try {
    return fs.readFileSync(file)
  } catch (error) {
    throw fromSystemError(error, 'reading', file)
  }
}
