import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import { JournalNotFoundError, Reader } from 'ticktape'
import { onTestFinished } from 'vitest'
import { makeFolder } from './folders.ts'

/** A nats-server with JetStream on the loopback interface, for one test. */

export const HAS_NATS = spawnSync('nats-server', ['--version']).status === 0

export class NatsServer {
  private child: ChildProcess | undefined
  private readonly store = makeFolder()

  private constructor(
    readonly port: number,
    private readonly args: readonly string[],
  ) {
    onTestFinished(() => this.kill())
  }

  /** @param args more arguments, such as a configuration. */
  static async start(...args: readonly string[]): Promise<NatsServer> {
    const server = new NatsServer(await freePort(), args)
    await server.start()
    return server
  }

  get url(): string {
    return `nats://127.0.0.1:${this.port}`
  }

  /** Starts it, again after `kill`, with what it has stored. */
  async start(): Promise<void> {
    const args = ['-a', '127.0.0.1', '-p', String(this.port), '-js', '-sd', this.store, ...this.args]
    const child = spawn('nats-server', args, { stdio: ['ignore', 'ignore', 'pipe'] })
    this.child = child
    let text = ''
    child.stderr.on('data', chunk => (text += String(chunk)))
    for (const end = Date.now() + 10_000; !(await accepts(this.port)); ) {
      if (child.exitCode !== null || Date.now() > end) throw new Error(`nats-server did not start: ${text}`)
      await new Promise(resolve => setTimeout(resolve, 10))
    }
  }

  async kill(): Promise<void> {
    const { child } = this
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

async function accepts(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  return new Promise(resolve => {
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
  }).finally(() => socket.destroy()) as Promise<boolean>
}

/** The position after the last frame; -1 while there is no journal. */
export function endOfJournal(directory: string): number {
  try {
    using reader = Reader.open(directory, { from: 'end' })
    return reader.position
  } catch (error) {
    if (error instanceof JournalNotFoundError) return -1
    throw error
  }
}

/** Waits until something holds. */
export async function until(what: string, holds: () => boolean | Promise<boolean>, ms = 60_000): Promise<void> {
  for (const end = Date.now() + ms; !(await holds()); ) {
    if (Date.now() > end) throw new Error(`it did not come to pass: ${what}`)
    await new Promise(resolve => setTimeout(resolve, 10))
  }
}
