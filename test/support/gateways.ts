/** Gateways in processes of their own, so that they can be killed. */
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { GatewayStatus, GivenModule } from 'ticktape/runtime'
import { type Child, startChild } from './child.ts'

export function strategyFile(name: string): string {
  return fileURLToPath(new URL(`strategies/${name}`, import.meta.url))
}

export interface GatewayProcessOptions {
  readonly home: string
  readonly strategies: readonly GivenModule[]
  readonly synthetic?: { readonly seed?: number; readonly rate?: number; readonly limit?: number }
  readonly capture?: string
  readonly speed?: 'max' | 'realtime' | number
  readonly pageSize?: number
}

const CODE = `
const { Gateway, SyntheticFeed, CaptureFeed } = await import('ticktape/runtime')
const { synthetic, capture, ...options } = JSON.parse(args[0])
const gateway = await Gateway.start({
  pageSize: 65536, strategyPageSize: 65536, durability: 'process', backOffMs: 20, progressMs: 20, ...options,
  feed: capture === undefined ? new SyntheticFeed(synthetic) : new CaptureFeed(capture),
})
say('started')
process.stdin.on('data', async text => {
  const command = String(text).trim()
  if (command === 'status') say(gateway.status)
  if (command === 'fed') { await gateway.fed; say('fed') }
  if (command === 'stop') { say(await gateway.stop()); process.exit() }
})
`

export class GatewayProcess {
  private constructor(private readonly child: Child) {}

  static async start(options: GatewayProcessOptions): Promise<GatewayProcess> {
    const gateway = new GatewayProcess(startChild(CODE, [JSON.stringify(options)]))
    await gateway.child.hear()
    return gateway
  }

  async status(): Promise<GatewayStatus> {
    return this.ask('status') as Promise<GatewayStatus>
  }

  /** Resolves when the feed has ended. */
  async fed(): Promise<void> {
    await this.ask('fed')
  }

  /** Stops all processes in order. Returns whether each strategy stopped by itself. */
  async stop(): Promise<boolean> {
    const orderly = (await this.ask('stop')) as boolean
    await this.child.end()
    return orderly
  }

  async kill(): Promise<void> {
    await this.child.kill('SIGKILL')
  }

  /** Kills the gateway alone, without waiting for its strategies, which may hold its output open. */
  async killAlone(): Promise<void> {
    const { process: child } = this.child
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
  }

  private async ask(command: string): Promise<unknown> {
    this.child.tell(command)
    return this.child.hear()
  }
}
