/* oxlint-disable vitest/no-standalone-expect -- These checks are called by tests. */
/**
 * A whole desk under fire: a gateway in a process of its own and five strategies that send bursts, against an exchange that
 * loses, doubles, delays and reorders; again and again one of their processes is killed. Then everything is compared.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { auditSession, type GatewayStatus, replaySession, replayStrategy } from 'ticktape/runtime'
import type { Sums } from 'ticktape/trading'
import { expect } from 'vitest'
import { BUCKET_MS, CampaignFold, type ExchangeColumns, STEPS, TICKS } from './campaign-fold.ts'
import { columnsOf, EXCHANGE, EXCHANGE_STATES, SYMBOLS } from './campaign-market.mjs'
import { type Child, startChild } from './child.ts'
import { DecimalPosition } from './decimal-position.ts'
import { ExchangeServer } from './exchange-server.ts'
import { makeFolder } from './folders.ts'
import { strategyFile } from './gateways.ts'

const STRATEGIES = [0, 1, 2, 3, 4]
/** A gateway has so much more to read with each of its lives: in a long campaign it is killed less often. */
const GATEWAY_KILLS = 4

/**
 * The gateway's process. Its feed never ends: some 3,000 events a second, less while a strategy is far behind or thousands of
 * orders are open, so that a slow machine has less load and not a longer queue. When the marker is there, only trades on which the strategies cancel.
 */
export const CAMPAIGN_GATEWAY = `
import { existsSync, writeFileSync } from 'node:fs'
const { Gateway } = await import('ticktape/runtime')
const { SimulatedExchange } = await import('ticktape/trading')
const [home, strategies, marker, supportFolder, remote, durability, perBatch] = args
const { columnsOf, EXCHANGE, SYMBOLS, eventOf } = await import(supportFolder + '/campaign-market.mjs')
let gateway
const isBehind = () => {
  if (gateway === undefined || gateway.open.desk.orders.open > 4_000) return true
  return gateway.status.strategies.some(({ progress }) => progress?.lag > 300_000)
}
const feed = {
  identity: 'endless',
  async *events(skip, { signal }) {
    for (let next = skip; !signal.aborted; ) {
      const drains = existsSync(marker)
      if (!drains && isBehind()) {
        await sleep(5)
        continue
      }
      const size = drains ? SYMBOLS.length : Number(perBatch)
      yield Array.from({ length: size }, (_, i) => eventOf(next + i, drains))
      next += size
      await sleep(drains ? 300 : 9)
    }
  },
}
const venue = remote === '' ? new SimulatedExchange({ ...EXCHANGE, seed: 3 }) : supportFolder + '/remote-exchange.mjs'
gateway = await Gateway.start({
  home, strategies: [strategies], feed, venue, speed: 'max', requestExpiryMs: 50, durability, backOffMs: 10, progressMs: 20,
  pageSize: 1 << 24, strategyPageSize: 1 << 20,
})
gateway.fed.catch(error => { console.error(error); process.exit(1) })
say('started')
process.stdin.on('data', async text => {
  for (const command of String(text).trim().split('\\n')) {
    if (command === 'status') say(gateway.status)
    if (command.startsWith('record ')) {
      const record = venue.record()
      const { orderRows, fillRows } = columnsOf(record)
      writeFileSync(command.slice(7) + '-orders', orderRows)
      writeFileSync(command.slice(7) + '-fills', fillRows)
      say({ duplicates: record.duplicates, sums: venue.sums() })
    }
    if (command === 'stop') { say(await gateway.stop()); process.exit() }
  }
})
`

export interface CampaignOptions {
  /** Whether the venue runs in a process of its own; its exchange is then in the test's process. */
  readonly remote: boolean
  /** For so long a process is killed each second, as soon as all are up again. */
  readonly seconds: number
  /** Orders a second that there must be at the median while all are up; 0: speed is not what is tested. */
  readonly leastRate: number
}

/** Runs a campaign and checks everything that it must show. Prints what happened. */
export async function runCampaign({ remote, seconds, leastRate }: CampaignOptions): Promise<void> {
  const campaign = await Campaign.start(remote)
  const killed = await campaign.fight(seconds)
  const { columns, sums, duplicates } = await campaign.drain()
  await campaign.stop()
  const rate = campaign.tell(killed, columns, seconds)
  expect(killed.strategies).toBeGreaterThan(0)
  expect(campaign.fold.fillCount).toBeGreaterThan(100)
  expect(campaign.fold.sentTwice).toBe(0)
  expect(duplicates).toBe(0)
  await campaign.checkPositions()
  expect(rate, 'orders a second').toBeGreaterThanOrEqual(leastRate)
  // Nothing came from nowhere: for each buyer there is a seller, and what one paid the other has.
  for (const [what, sum] of [...Object.entries(sums.cash), ...Object.entries(sums.positions)])
    expect([what, Number(sum)]).toEqual([what, 0])
  await campaign.checkReplay()
}

/** What the exchange itself knows. */
interface Truth {
  readonly columns: ExchangeColumns
  readonly sums: Sums
  /** Second submits of an order. */
  readonly duplicates: number
}

interface Killed {
  gateways: number
  adapters: number
  strategies: number
  /** Between these times, ms since 1970, all processes were up. */
  readonly up: [from: number, to: number][]
  readonly seed: number
}

class Campaign {
  fold!: CampaignFold
  private readonly folder = makeFolder('memory')
  private readonly home = join(this.folder, 'home')
  private readonly marker = join(this.folder, 'drain')
  private readonly results = join(this.folder, 'result')
  private server: ExchangeServer | undefined = undefined
  private gateway!: Child

  static async start(remote: boolean): Promise<Campaign> {
    const campaign = new Campaign()
    process.env['GREEDY_OUT'] = campaign.results
    if (remote) {
      const socket = join(campaign.folder, 'exchange')
      process.env['EXCHANGE_SOCKET'] = socket
      campaign.server = await ExchangeServer.listen(socket, { ...EXCHANGE, seed: 3 })
    }
    await campaign.startGateway()
    return campaign
  }

  /** Kills one process each second. */
  async fight(seconds: number): Promise<Killed> {
    const seed = Date.now() >>> 0
    let state = seed
    const random = (): number => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32
    const killed: Killed = { gateways: 0, adapters: 0, strategies: 0, up: [], seed }
    const start = performance.now()
    const end = start + seconds * 1000
    // Also on the slowest machine one of each kind is killed.
    for (let kill = 1; performance.now() < end || kill <= 4; kill++) {
      await this.whenUp()
      const upAt = Date.now()
      await sleep(1000)
      const { strategies } = await this.status()
      killed.up.push([upAt, Date.now()])
      const isNextPart = performance.now() - start > (killed.gateways * seconds * 1000) / GATEWAY_KILLS
      const wantsGateway = kill === 3 || (kill > 3 && isNextPart)
      const adapter = this.server?.pid
      if (wantsGateway) {
        await this.gateway.kill('SIGKILL')
        killed.gateways++
        await this.startGateway()
      } else if (kill % 4 === 2 && adapter !== undefined) killed.adapters += killProcess(adapter)
      else {
        const pid = strategies[Math.floor(random() * STRATEGIES.length)]?.pid
        if (pid !== undefined) killed.strategies += killProcess(pid)
      }
    }
    await this.whenUp()
    return killed
  }

  /** No new orders: what is open is cancelled, until both sides say the same. */
  async drain(): Promise<Truth> {
    writeFileSync(this.marker, '')
    this.fold = new CampaignFold(join(this.home, 'gateway'))
    let disagreements: string[] = []
    for (let i = 0; i < 60; i++) {
      await sleep(500)
      await this.fold.read()
      if (this.fold.open > 0) continue
      const last = await this.record()
      await this.fold.read()
      disagreements = this.fold.disagreements(last.columns)
      const { orderRows } = last.columns
      let open = 0
      for (let at = 2; at < orderRows.length; at += 4) if (orderRows[at] === OPEN) open++
      if (disagreements.length === 0 && open === 0 && this.fold.open === 0) return last
    }
    expect({ disagreements, open: this.fold.open }).toEqual({ disagreements: [], open: 0 })
    throw new Error('the exchange has open orders')
  }

  async stop(): Promise<void> {
    expect(await this.ask('stop')).toBe(true)
    await this.gateway.end()
    await this.fold.read()
  }

  /** Prints what happened. Returns the orders a second at the median while all were up. */
  tell(
    { up, seed, gateways, adapters, strategies }: Killed,
    { orderRows, fillRows }: ExchangeColumns,
    seconds: number,
  ): number {
    const { buckets, newOrders, denied } = this.fold
    const rates = up.map(([from, to]) => {
      let orders = 0
      for (let bucket = Math.ceil(from / BUCKET_MS); bucket < Math.floor(to / BUCKET_MS); bucket++)
        orders += buckets.get(bucket) ?? 0
      return orders / ((Math.floor(to / BUCKET_MS) - Math.ceil(from / BUCKET_MS)) * BUCKET_MS * 1e-3)
    })
    const median = rates.toSorted((a, b) => a - b)[rates.length >> 1] ?? 0
    console.log(
      `seed ${seed}, ${seconds} s: ${newOrders} orders, ${orderRows.length / 4} of them at the exchange, ${denied} denied, ${fillRows.length / 7} fills; ` +
        `${Math.round(median)} orders a second at the median while all were up (${Math.round(Math.min(...rates))} to ${Math.round(Math.max(...rates))}), ` +
        `amends and cancels not counted; killed ${strategies} strategies, ${gateways} gateways, ${adapters} adapters`,
    )
    return median
  }

  /** What strategies think they have, and what the fills add up to with another library. */
  async checkPositions(): Promise<void> {
    const positions = await this.fold.positions()
    for (const n of STRATEGIES) {
      const result = JSON.parse(readFileSync(`${this.results}-${n}.json`, 'utf8')) as {
        [symbol: string]: { quantity: number; averagePrice: number; realised: number; open: number }
      }
      for (const [symbol, shown] of Object.entries(result)) {
        const expected = positions.get(`${n + 1} ${SYMBOLS.indexOf(symbol) + 1}`) ?? new DecimalPosition()
        expect([n, symbol, shown]).toEqual([n, symbol, { ...expected.shown(TICKS, STEPS), open: 0 }])
      }
    }
  }

  async checkReplay(): Promise<void> {
    const { home } = this
    const { gateway, exchanges } = await replaySession({ home, strategies: [] })
    expect([gateway.verdict, gateway.difference]).toEqual(['same', undefined])
    // An exchange in a process of its own is input, and is not replayed.
    expect(exchanges.map(({ who, verdict }) => [who, verdict])).toEqual(
      this.server === undefined ? [['sim', 'same']] : [],
    )
    for (const n of STRATEGIES)
      expect(await replayStrategy({ home, strategy: `greedy-${n}` })).toMatchObject({ difference: undefined })
    expect(await auditSession(home)).toMatchObject({ sound: true, gateway: { gaps: 0, strays: 0, filledTwice: 0 } })
  }

  private async startGateway(): Promise<void> {
    const args = [
      this.home,
      strategyFile('greedy.mjs'),
      this.marker,
      SUPPORT,
      this.server === undefined ? '' : 'remote',
      'process',
      30,
    ]
    this.gateway = startChild(CAMPAIGN_GATEWAY, args, ['--max-old-space-size=8192'])
    await this.gateway.hear()
  }

  private async ask<T>(command: string): Promise<T> {
    this.gateway.tell(command)
    return (await this.gateway.hear()) as T
  }

  private status(): Promise<GatewayStatus> {
    return this.ask('status')
  }

  /** Until all processes run, have caught up, and orders come: then the next may be killed. */
  private async whenUp(): Promise<void> {
    for (let i = 0; i < 2400; i++) {
      const { strategies, orders } = await this.status()
      const areUp = strategies.every(({ pid, progress }) => pid !== undefined && (progress?.lag ?? 1e9) < 50_000)
      if (areUp && orders > 0 && (this.server === undefined || this.server.pid !== undefined)) return
      await sleep(50)
    }
    throw new Error('the desk does not come up')
  }

  private async record(): Promise<Truth> {
    if (this.server !== undefined) {
      const { exchange } = this.server
      const record = exchange.record()
      return { columns: columnsOf(record), sums: exchange.sums(), duplicates: record.duplicates }
    }
    const file = join(this.folder, 'record')
    const rest = await this.ask<Omit<Truth, 'columns'>>(`record ${file}`)
    return { ...rest, columns: { orderRows: numbersIn(`${file}-orders`), fillRows: numbersIn(`${file}-fills`) } }
  }
}

const OPEN = EXCHANGE_STATES.indexOf('open')

function numbersIn(file: string): Float64Array {
  const bytes = readFileSync(file)
  return new Float64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length))
}

/** This folder, for other processes. */
export const SUPPORT = fileURLToPath(new URL('.', import.meta.url)).replace(/\/$/, '')

function killProcess(pid: number): number {
  try {
    return process.kill(pid, 'SIGKILL') ? 1 : 0
  } catch {
    // It has just ended by itself: it will be started again.
    return 0
  }
}
