import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'

const MAIN = join(import.meta.dirname, '../../dist/cli/main.js')
/** ms between two scrapes, and between two samples of `top`. */
const INTERVAL_MS = 1000

/** What an operator has running beside a home or a journal: `ticktape metrics` with a scraper, and `ticktape top`. */
export class Observers {
  private scrapes = 0
  private readonly ending = new AbortController()
  private readonly scraping: Promise<unknown>

  private constructor(
    private readonly metrics: ChildProcess,
    private readonly top: ChildProcess,
    port: number,
  ) {
    // Its failure is thrown by `stop`.
    this.scraping = this.scrapeUntilEnd(port).catch((error: unknown) => error)
  }

  /** Starts them. Resolves when both have looked once. */
  static async start(directory: string): Promise<Observers> {
    const metrics = run('metrics', directory, '--listen', '127.0.0.1:0')
    const top = run('top', directory, '--json', '--interval', `${INTERVAL_MS}ms`)
    const [address] = await Promise.all([firstLine(metrics), firstLine(top)])
    return new Observers(metrics, top, Number(/127\.0\.0\.1:(\d+)/.exec(address)?.[1]))
  }

  private async scrapeUntilEnd(port: number): Promise<void> {
    const { signal } = this.ending
    while (!signal.aborted) {
      const answer = await fetch(`http://127.0.0.1:${port}/metrics`)
      if (!answer.ok || !(await answer.text()).includes('ticktape_')) throw new Error(`a scrape got ${answer.status}`)
      this.scrapes++
      await sleep(INTERVAL_MS, undefined, { signal }).catch(() => {})
    }
  }

  /** Ends them. Throws when they have not looked all the time. */
  async stop(): Promise<void> {
    this.ending.abort()
    const failure = await this.scraping
    const early = [this.metrics, this.top].filter(({ exitCode }) => exitCode !== null)
    for (const child of [this.metrics, this.top]) {
      if (child.exitCode !== null || child.signalCode !== null) continue
      child.kill('SIGTERM')
      await once(child, 'exit')
    }
    if (failure !== undefined) throw failure
    if (early.length > 0) throw new Error(`'ticktape ${early[0].spawnargs[2]}' ended by itself`)
    if (this.scrapes < 2) throw new Error('nobody has looked twice')
  }
}

function run(...args: string[]): ChildProcess {
  return spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
}

async function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', resolve)
    child.once('exit', code => reject(new Error(`'ticktape ${child.spawnargs[2]}' ended with ${code}`)))
  })
}
