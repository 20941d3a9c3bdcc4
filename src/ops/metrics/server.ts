import * as http from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Sampler } from '../sampler.js'
import { CONTENT_TYPES, type MetricFormat, metricsText } from './exposition.js'

/** Scrapes that come at the same time, or shortly after each other, get the same sample: rates need some time between two. ms. */
const SAMPLE_AGE_MS = 200
/** A scrape is one short request. ms. */
const REQUEST_MS = 5000

export interface MetricsServer {
  /** 'http://127.0.0.1:9464/metrics' */
  readonly url: string
  close(): Promise<void>
}

/**
 * Serves the metrics of a home at `/metrics` to Prometheus. Each scrape is one sample.
 *
 * @throws the error of `listen`, when the address is in use or not this machine's.
 */
export async function serveMetrics(sampler: Sampler, host: string, port: number): Promise<MetricsServer> {
  const texts = new Map<MetricFormat, { readonly at: number; readonly text: string }>()
  const textOf = (format: MetricFormat): string => {
    const known = texts.get(format)
    if (known !== undefined && performance.now() - known.at < SAMPLE_AGE_MS) return known.text
    const text = metricsText(sampler.sample(), format)
    texts.set(format, { at: performance.now(), text })
    return text
  }
  const server = http.createServer({ requestTimeout: REQUEST_MS, headersTimeout: REQUEST_MS }, (request, response) =>
    answer(request, response, textOf),
  )
  server.maxConnections = 64
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve()
    })
  })
  const { address, port: actual, family } = server.address() as AddressInfo
  return {
    url: `http://${family === 'IPv6' ? `[${address}]` : address}:${actual}/metrics`,
    close: async () => {
      server.closeAllConnections()
      await new Promise<void>(resolve => server.close(() => resolve()))
    },
  }
}

function answer(
  { url = '', method, headers }: http.IncomingMessage,
  response: http.ServerResponse,
  textOf: (format: MetricFormat) => string,
): void {
  const [path] = url.split('?', 1)
  if (method !== 'GET' && method !== 'HEAD') return refuse(response, 405, 'only GET and HEAD')
  if (path !== '/metrics') return refuse(response, 404, 'metrics are at /metrics')
  const format = headers.accept?.includes('application/openmetrics-text') === true ? 'openmetrics' : 'prometheus'
  try {
    const text = textOf(format)
    response.writeHead(200, { 'content-type': CONTENT_TYPES[format], 'content-length': Buffer.byteLength(text) })
    response.end(method === 'HEAD' ? undefined : text)
  } catch (error) {
    refuse(response, 500, (error as Error).message)
  }
}

function refuse(response: http.ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(`${text}\n`)
}
