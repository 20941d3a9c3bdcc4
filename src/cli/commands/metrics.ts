import { once } from 'node:events'
import type { Command } from 'commander'
import { METRIC_FORMATS, type MetricFormat, metricsText } from '../../ops/metrics/exposition.js'
import { serveMetrics } from '../../ops/metrics/server.js'
import { Sampler } from '../../ops/sampler.js'
import { Exit, printable, UsageError } from '../output/failure.js'
import { wrapped } from '../output/help.js'
import { Output } from '../output/output.js'

interface MetricsOptions {
  readonly listen: string
  readonly once?: boolean
  readonly format: MetricFormat
}

export function registerMetrics(program: Command): void {
  program
    .command('metrics')
    .description('metrics of a home or of journals for Prometheus, over HTTP or once')
    .argument('<dir>', 'a home, a journal, or a directory of journals')
    .option('--listen <address>', 'host and port to serve /metrics at', '127.0.0.1:9464')
    .option('--once', 'print them, and end')
    .option('--format <format>', `with --once: ${METRIC_FORMATS.join(' or ')}`, parseFormat, 'prometheus')
    .addHelpText('after', wrapped(HELP))
    .action(async (directory: string, options: MetricsOptions) => {
      process.exitCode = await metrics(directory, options)
    })
}

const HELP = `
It reads mapped memory and files: what it looks at is not delayed, locked or woken. Names and units follow the conventions of Prometheus; a
scraper that asks for OpenMetrics gets that. The server has no password: give --listen another address than this machine's only inside a
network that you trust. A Grafana dashboard and rules for alerts are in the package, in the folder ops/; docs/operations.md describes them.

Exit codes: 0 done, 2 could not: no journal, the address is in use; 130 ended by Ctrl-C.

Examples:
  $ ticktape metrics /dev/shm/desk
  $ ticktape metrics /dev/shm/desk --listen 127.0.0.1:9500
  $ ticktape metrics /dev/shm/desk --once | promtool check metrics`

async function metrics(directory: string, options: MetricsOptions): Promise<number> {
  const out = new Output()
  using sampler = new Sampler(directory)
  if (options.once === true) {
    out.add(metricsText(sampler.sample(), options.format))
    await out.flush()
    return Exit.OK
  }
  const { host, port } = parseAddress(options.listen)
  const stop = new AbortController()
  const interrupt = (): void => stop.abort()
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt)
  try {
    const server = await listen(sampler, host, port)
    out.line(`metrics of ${printable(sampler.path)} at ${server.url}; Ctrl-C ends it`)
    await out.flush()
    if (!stop.signal.aborted) await once(stop.signal, 'abort')
    await server.close()
    return Exit.INTERRUPTED
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt)
  }
}

/** @throws {UsageError} when nothing can listen there. */
async function listen(sampler: Sampler, host: string, port: number): ReturnType<typeof serveMetrics> {
  try {
    return await serveMetrics(sampler, host, port)
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'EADDRINUSE')
      throw new UsageError(`${host}:${port} is in use by another process; choose another port with --listen`)
    if (code === 'EADDRNOTAVAIL' || code === 'EACCES' || code === 'ENOTFOUND')
      throw new UsageError(`no server can listen at ${host}:${port}: ${message}`)
    throw error
  }
}

/** 'HOST:PORT', ':PORT', or '[::1]:PORT'. @throws {UsageError} */
function parseAddress(text: string): { readonly host: string; readonly port: number } {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]*)):(\d{1,5})$/.exec(text)
  const port = Number(match?.[3])
  if (match === null || port > 65_535)
    throw new UsageError(`'${text}' is no address; type a host and a port, such as 127.0.0.1:9464`)
  return { host: match[1] ?? (match[2] === '' ? '127.0.0.1' : match[2]), port }
}

function parseFormat(text: string): MetricFormat {
  const found = METRIC_FORMATS.find(format => format === text)
  if (found === undefined) throw new UsageError(`'${text}' is not one of ${METRIC_FORMATS.join(', ')}`)
  return found
}
