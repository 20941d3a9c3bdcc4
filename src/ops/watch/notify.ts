import { spawn } from 'node:child_process'
import type { AlertEvent } from './watcher.js'

/** Where alerts go: a program, a URL, or both. */
export interface NotifyOptions {
  /** A program that is started for each event, with the arguments EVENT RULE SUBJECT and the event as JSON on its stdin. */
  readonly command?: string | undefined
  /** The event is sent there as JSON, with POST. */
  readonly webhook?: string | undefined
  /** What could not be delivered. */
  readonly onProblem: (message: string) => void
}

/** A program or a server that does not answer is given up after this time, ms. */
const TIMEOUT_MS = 10_000
/** Attempts to reach a webhook, and the delay before the second one, ms; doubled each time. */
const ATTEMPTS = 4
const RETRY_MS = 500

/** Passes events on, one after the other: what fires arrives before it clears. */
export class Notifier {
  private queue: Promise<void> = Promise.resolve()

  constructor(private readonly options: NotifyOptions) {}

  send(event: AlertEvent): void {
    const { command, webhook } = this.options
    const text = JSON.stringify(event, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value))
    if (command !== undefined) this.enqueue(() => runCommand(command, event, text))
    if (webhook !== undefined) this.enqueue(() => post(webhook, text))
  }

  /** Resolves when everything was delivered or given up. */
  async done(): Promise<void> {
    await this.queue
  }

  private enqueue(deliver: () => Promise<void>): void {
    this.queue = this.queue.then(deliver).catch((error: unknown) => this.options.onProblem((error as Error).message))
  }
}

/** Without a shell: what is in a subject cannot become a command. */
function runCommand(command: string, { event, rule, subject }: AlertEvent, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, [event, rule, subject], {
      stdio: ['pipe', 'ignore', 'inherit'],
      timeout: TIMEOUT_MS,
      killSignal: 'SIGKILL',
    })
    child.on('error', error => reject(new Error(`${command} could not be started: ${error.message}`)))
    child.on('close', (code, signal) => {
      if (code === 0) resolve()
      else reject(new Error(`${command} has ended with ${signal ?? `exit status ${code}`} for ${rule} of ${subject}`))
    })
    // A program that does not read its input is no error.
    child.stdin.on('error', () => {})
    child.stdin.end(`${text}\n`)
  })
}

async function post(webhook: string, body: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const problem = await tryPost(webhook, body)
    if (problem === undefined) return
    if (attempt === ATTEMPTS) throw new Error(`the webhook did not take an alert in ${ATTEMPTS} attempts: ${problem}`)
    await new Promise(resolve => setTimeout(resolve, RETRY_MS * 2 ** (attempt - 1)))
  }
}

/** What went wrong; undefined for nothing. The URL may hold a secret, so it is not in the message. */
async function tryPost(webhook: string, body: string): Promise<string | undefined> {
  try {
    const signal = AbortSignal.timeout(TIMEOUT_MS)
    const headers = { 'content-type': 'application/json' }
    const response = await fetch(webhook, { method: 'POST', headers, body, signal, redirect: 'error' })
    await response.body?.cancel()
    return response.ok ? undefined : `it answers ${response.status}`
  } catch (error) {
    const { message, cause } = error as Error
    return cause instanceof Error ? cause.message : message
  }
}
