import * as fs from 'node:fs'
import type { Command } from 'commander'
import { fromSystemError } from '../../base/system-error.js'
import { serve } from '../../serve/server/server.js'
import { Exit, printable, printError, UsageError } from '../output/failure.js'
import { wrapped } from '../output/help.js'
import { Output } from '../output/output.js'
import { wholeNumber } from '../output/units.js'

interface Options {
  readonly port: number
  readonly host: string
  readonly tokenFile?: string
  readonly tlsCert?: string
  readonly tlsKey?: string
  readonly origin?: readonly string[]
  readonly allowCommands?: boolean
  readonly commandTokenFile?: string
  readonly json?: boolean
}

const DEFAULT_PORT = 8787

export function registerServe(program: Command): void {
  program
    .command('serve')
    .description('serve a home or a journal to browsers and programs: a dashboard, REST and a WebSocket')
    .argument('<dir>', 'a home, a journal, or a directory with journals')
    .option('--port <port>', 'the port; 0 for any free one', wholeNumber(0), DEFAULT_PORT)
    .option('--host <address>', 'the address; any other than this machine needs a token and TLS', '127.0.0.1')
    .option('--token-file <file>', 'a file with the token that clients must show; only its owner may read it')
    .option('--tls-cert <file>', 'the certificate, PEM')
    .option('--tls-key <file>', 'its key, PEM; only its owner may read it')
    .option('--origin <origins...>', 'origins of pages, beside its own, that may use it: https://desk.example.com')
    .option('--allow-commands', 'clients that show the token for commands may halt the desk and cancel orders')
    .option('--command-token-file <file>', 'a file with that token')
    .option('--json', 'one JSON object when it is ready: {"url","port"}; errors as JSON')
    .addHelpText('after', wrapped(HELP))
    .action(async (directory: string, options: Options) => {
      process.exitCode = await run(directory, options)
    })
}

const HELP = `
The dashboard is at /, REST below /api/ (GET /api/ lists it), the WebSocket at /ws: docs/serve.md has all of it. It is read-only unless commands
are allowed, reads mapped memory as any reader does, and keeps no page of a journal. It needs the package 'ws'.

Exit codes: 2 could not serve: no journal, wrong options, the port is in use; 130 ended by Ctrl-C.

Examples:
  $ ticktape serve /dev/shm/desk
  $ ticktape serve /dev/shm/quotes --port 9000
  $ curl -s http://127.0.0.1:8787/api/orders | jq .orders
  $ openssl rand -hex 32 > token && chmod 600 token
  $ ticktape serve /dev/shm/desk --host 10.0.0.5 --token-file token --tls-cert cert.pem --tls-key key.pem`

async function run(directory: string, options: Options): Promise<number> {
  const { port, host, tokenFile, tlsCert, tlsKey, origin, allowCommands, commandTokenFile, json } = options
  if ((tlsCert === undefined) !== (tlsKey === undefined))
    throw new UsageError('TLS needs both --tls-cert and --tls-key')
  const stop = new AbortController()
  const interrupt = (): void => stop.abort()
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt)
  const server = await serve(directory, {
    port,
    host,
    token: tokenFile === undefined ? undefined : readSecret(tokenFile).trim(),
    tls:
      tlsCert === undefined || tlsKey === undefined ? undefined : { cert: readFile(tlsCert), key: readSecret(tlsKey) },
    allowCommands,
    commandToken: commandTokenFile === undefined ? undefined : readSecret(commandTokenFile).trim(),
    origins: origin,
    onProblem: error => void printError(error, json === true),
  })
  const out = new Output()
  if (json === true) out.json({ url: server.url, port: server.port })
  else out.line(`serving ${printable(directory)} at ${server.url}`)
  await out.flush()
  if (!stop.signal.aborted) await new Promise(resolve => stop.signal.addEventListener('abort', resolve, { once: true }))
  await server.stop()
  process.off('SIGINT', interrupt).off('SIGTERM', interrupt)
  return Exit.INTERRUPTED
}

/** A file that only its owner may read. */
function readSecret(file: string): string {
  const text = readFile(file)
  if ((fs.statSync(file).mode & 0o077) !== 0)
    throw new UsageError(`${file} may be read by others: type chmod 600 on it, and replace what is in it`)
  return text
}

function readFile(file: string): string {
  try {
    return fs.readFileSync(file, 'utf8')
  } catch (error) {
    throw fromSystemError(error, 'reading', file)
  }
}
