import { type ChildProcess, fork, spawn, spawnSync } from 'node:child_process'
import * as fs from 'node:fs'
import { join } from 'node:path'
import { MessageChannel, Worker } from 'node:worker_threads'
import { SHARES } from './statistics.js'

const PEERS = join(import.meta.dirname, '..', '..', 'bench', 'peers')

/** Another transport for messages, and its setup. */
export interface PeerKind {
  readonly name: string
  /** A file of bench/peers. */
  readonly transport: string
  readonly between: 'processes' | 'threads'
  readonly settings?: Readonly<Record<string, unknown>>
  /** Packages of bench/peers that it needs. */
  readonly packages?: readonly string[]
  /** A server that it needs: the program, and how to start it at a given address. */
  readonly server?: {
    readonly program: string
    readonly words: (address: string) => string[]
    readonly url: (address: string) => string
  }
}

const NATS_PORT = 14_222 + (process.pid % 1000)

export const PEERS_KNOWN: readonly PeerKind[] = [
  {
    name: 'child_process, json',
    transport: 'child-process',
    between: 'processes',
    settings: { serialization: 'json' },
  },
  {
    name: 'child_process, advanced',
    transport: 'child-process',
    between: 'processes',
    settings: { serialization: 'advanced' },
  },
  { name: 'unix socket', transport: 'unix-socket', between: 'processes' },
  { name: 'zeromq', transport: 'zeromq', between: 'processes', packages: ['zeromq'] },
  {
    name: 'shared-memory-disruptor',
    transport: 'disruptor',
    between: 'processes',
    packages: ['shared-memory-disruptor'],
  },
  {
    name: 'Redis streams',
    transport: 'redis',
    between: 'processes',
    packages: ['redis'],
    server: {
      program: 'redis-server',
      words: address => ['--port', '0', '--unixsocket', address, '--save', '', '--appendonly', 'no'],
      url: address => address,
    },
  },
  {
    name: 'NATS',
    transport: 'nats',
    between: 'processes',
    packages: ['nats'],
    server: {
      program: 'nats-server',
      words: () => ['--addr', '127.0.0.1', '--port', String(NATS_PORT)],
      url: () => `127.0.0.1:${NATS_PORT}`,
    },
  },
  { name: 'MessagePort', transport: 'message-port', between: 'threads' },
  { name: 'SharedArrayBuffer ring', transport: 'shared-ring', between: 'threads' },
]

/** Why a peer cannot be measured here, or undefined. */
export function missing(kind: PeerKind): string | undefined {
  for (const name of kind.packages ?? []) {
    if (!fs.existsSync(join(PEERS, 'node_modules', name)))
      return `${name} is not installed: npm ci --prefix bench/peers`
  }
  if (kind.server !== undefined && programPath(kind.server.program) === undefined)
    return `there is no ${kind.server.program}`
  return undefined
}

function programPath(program: string): string | undefined {
  const path = [...(process.env['PATH'] ?? '').split(':'), '/usr/sbin', '/usr/local/sbin'].map(folder =>
    join(folder, program),
  )
  return path.find(file => fs.existsSync(file))
}

interface Message {
  readonly from?: 'b'
  readonly connected?: true
  readonly ready?: true
  readonly result?: unknown
  readonly error?: string
}

/** One side: receives its messages, and sends messages to it. */
class Side {
  private readonly heard: Message[] = []
  private wake: (() => void) | undefined
  private failure: Error | undefined

  constructor(
    private readonly name: string,
    private readonly tell: (message: object) => void,
  ) {}

  hear(message: Message): void {
    this.heard.push(message)
    this.wake?.()
  }

  fail(error: Error): void {
    this.failure = error
    this.wake?.()
  }

  do(task: string, count: number): void {
    this.tell({ task, count })
  }

  async next<T>(key: 'connected' | 'ready' | 'result'): Promise<T> {
    for (;;) {
      const message = this.heard.shift()
      if (message?.error !== undefined) throw new Error(`${this.name}: ${message.error}`)
      if (message !== undefined && key in message) return message[key] as T
      if (message !== undefined) throw new Error(`${this.name} said ${JSON.stringify(message)} instead of ${key}`)
      if (this.failure !== undefined) throw this.failure
      await new Promise<void>(resolve => {
        this.wake = resolve
      })
    }
  }
}

/** A peer that runs: its two sides, and its server. */
export class Peer {
  private readonly ends: (() => unknown)[] = []
  private a: Side | undefined
  private b: Side | undefined

  static async start(kind: PeerKind, folder: string, cpus: readonly [number, number]): Promise<Peer> {
    const peer = new Peer()
    try {
      await peer.open(kind, folder, cpus)
      return peer
    } catch (error) {
      await peer.stop()
      throw error
    }
  }

  private async open(kind: PeerKind, folder: string, cpus: readonly [number, number]): Promise<void> {
    const address = join(folder, kind.transport)
    let server: string | undefined
    if (kind.server !== undefined) {
      server = kind.server.url(address)
      const daemon = spawn(programPath(kind.server.program) as string, kind.server.words(address), {
        stdio: 'ignore',
        cwd: folder,
      })
      const ended = new Promise(resolve => daemon.once('exit', resolve))
      this.ends.push(async () => {
        daemon.kill('SIGTERM')
        await ended
      })
      await new Promise(resolve => setTimeout(resolve, 300))
    }
    const settings = (role: 'a' | 'b') => ({
      ...kind.settings,
      transport: kind.transport,
      role,
      address,
      server,
      shares: SHARES,
      cpu: cpus[role === 'a' ? 0 : 1],
      otherCpu: cpus[role === 'a' ? 1 : 0],
    })
    if (kind.transport === 'disruptor') {
      const { leftovers } = (await import(join(PEERS, 'disruptor.js'))) as { leftovers: (address: string) => string[] }
      this.ends.push(() => {
        for (const file of leftovers(address)) fs.rmSync(file, { force: true })
      })
    }
    if (kind.between === 'threads') await this.openThreads(settings, await import(join(PEERS, `${kind.transport}.js`)))
    else await this.openProcesses(kind, settings)
  }

  private async openProcesses(kind: PeerKind, settings: (role: 'a' | 'b') => object): Promise<void> {
    const start = (role: 'a' | 'b'): ChildProcess => {
      const child = fork(join(PEERS, 'side.js'), [JSON.stringify(settings(role))], {
        execArgv: [],
        stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      })
      const ended = new Promise(resolve => child.once('exit', resolve))
      this.ends.unshift(async () => {
        if (child.connected) child.disconnect()
        await ended
      })
      child.on('exit', code => {
        for (const side of [this.a, this.b]) side?.fail(new Error(`${kind.name}, ${role} ended with ${code}`))
      })
      return child
    }
    // Side b is started first, because it listens or creates what both sides use. With child_process, side a forks side b.
    if (kind.transport !== 'child-process') {
      const b = start('b')
      const sideB = new Side(`${kind.name}, b`, message => b.send(message))
      b.on('message', message => sideB.hear(message as Message))
      this.b = sideB
      await sideB.next('connected')
    }
    const a = start('a')
    const sideA = new Side(`${kind.name}, a`, message => a.send(message))
    const sideB = this.b ?? new Side(`${kind.name}, b`, message => a.send({ ...message, to: 'b' }))
    a.on('message', message => ((message as Message).from === 'b' ? sideB : sideA).hear(message as Message))
    this.a = sideA
    await sideA.next('connected')
    if (this.b === undefined) {
      this.b = sideB
      await sideB.next('connected')
    }
  }

  private async openThreads(
    settings: (role: 'a' | 'b') => object,
    transport: { makeShared?: () => SharedArrayBuffer },
  ): Promise<void> {
    const shared = transport.makeShared?.()
    const { port1, port2 } = new MessageChannel()
    const start = (role: 'a' | 'b', port: MessageChannel['port1']): Worker => {
      const worker = new Worker(join(PEERS, 'side.js'), {
        workerData: { ...settings(role), shared, port },
        transferList: [port],
        execArgv: [],
      })
      this.ends.unshift(() => worker.terminate())
      return worker
    }
    const open = async (role: 'a' | 'b', port: MessageChannel['port1']): Promise<Side> => {
      const worker = start(role, port)
      const side = new Side(`thread ${role}`, message => worker.postMessage(message))
      worker.on('message', message => side.hear(message as Message))
      worker.on('error', error => side.fail(error))
      await side.next('connected')
      return side
    }
    this.b = await open('b', port2)
    this.a = await open('a', port1)
  }

  private get sides(): readonly [Side, Side] {
    if (this.a === undefined || this.b === undefined) throw new Error('the peer is not open')
    return [this.a, this.b]
  }

  /** M Messages per second, from the first message until the other side has checked the last one. */
  async throughput(count: number): Promise<number> {
    const [a, b] = this.sides
    b.do('receive', count)
    await b.next('ready')
    a.do('send', count)
    const [{ start }, { end, errors }] = await Promise.all([
      a.next<{ start: number }>('result'),
      b.next<{ end: number; errors: number }>('result'),
    ])
    if (errors > 0) throw new Error(`${errors} messages came out of order`)
    return (count / (end - start)) * 1000
  }

  /** Latencies at SHARES, in ns. */
  async roundTrip(count: number): Promise<number[]> {
    const [a, b] = this.sides
    b.do('answer', count)
    await b.next('ready')
    a.do('ask', count)
    const [asked, answered] = await Promise.all([
      a.next<{ errors: number; percentiles: number[] }>('result'),
      b.next<{ errors: number }>('result'),
    ])
    if (asked.errors + answered.errors > 0) throw new Error('messages came out of order')
    return asked.percentiles
  }

  async stop(): Promise<void> {
    for (const end of this.ends.splice(0)) await end()
  }
}

/** A server's version, for the report. */
export function versionOf(program: string): string {
  const path = programPath(program)
  return path === undefined ? 'absent' : spawnSync(path, ['--version'], { encoding: 'utf8' }).stdout.trim()
}
