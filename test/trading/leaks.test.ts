/**
 * `npm run test:leaks`: a desk with 20 strategies under a steady load for an hour. Nothing that it holds may grow: memory of the gateway,
 * of each strategy and of the process that makes snapshots, open files, mappings, and the home in shared memory.
 */
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { GatewayStatus } from 'ticktape/runtime'
import { expect, test } from 'vitest'
import { startChild } from '../support/child.ts'
import { makeFolder } from '../support/folders.ts'
import { strategyFile } from '../support/gateways.ts'
import { childrenOf, growthOf, type ProcessUse, sizeOf, useOf } from '../support/process-use.ts'

/** How long it takes, in s; 0: not at all. Less than 900 is too short to say much. */
const SECONDS = Number(process.env['TICKTAPE_LEAK_SECONDS'] ?? 0)
const STRATEGIES = 20
/** A gateway remembers final orders for ten minutes after the last word about them: so long its memory grows, and with it the snapshots. */
const WARM_UP_S = Math.min(660, SECONDS * 0.75)
/** Between two looks, in ms. */
const LOOK_MS = Math.max(1000, SECONDS * 2)
/**
 * By how much memory may grow in the rest of the time, in KiB: what is least in the second half of it against the first half. The gateway and the
 * process of the snapshots hold all that is known of some ten thousand orders, the home two snapshots of it, and both come and go. 100 bytes for
 * each frame would be 3 MiB a minute in a strategy, and 6 in the gateway.
 */
const MOST_KIB = 4 * 1024
const MOST_KIB_OF_OTHERS = 64 * 1024
/** Pages that were prepared, and files that are being read, come and go. */
const MOST_HANDLES = 4

const GATEWAY = `
const { Gateway, SyntheticFeed } = await import('ticktape/runtime')
const [home, strategies] = args
const gateway = await Gateway.start({
  home, strategies: [strategies], feed: new SyntheticFeed({ seed: 3, rate: 500 }), speed: 'realtime', durability: 'process',
  pageSize: 1 << 20, strategyPageSize: 65536, snapshotBytes: 1 << 20, retain: { snapshots: 1 },
  // Garbage is collected soon then: what grows is kept.
  strategyMemoryMb: 32,
})
gateway.fed.catch(error => { console.error(error); process.exit(1) })
say('started')
process.stdin.on('data', async text => {
  if (String(text).trim() === 'status') say(gateway.status)
  else { say(await gateway.stop()); process.exit() }
})
`

test.skipIf(SECONDS === 0)(
  `20 strategies under load for ${SECONDS} s: memory, files, mappings and the home do not grow`,
  { timeout: 120_000 + 1100 * SECONDS },
  async () => {
    const home = join(makeFolder('memory'), 'home')
    const gateway = startChild(GATEWAY, [home, strategyFile('steady.mjs')])
    await gateway.hear()
    const status = async (): Promise<GatewayStatus> => {
      gateway.tell('status')
      return (await gateway.hear()) as GatewayStatus
    }
    const uses = new Map<string, ProcessUse[]>()
    const homes: number[] = []
    const end = performance.now() + SECONDS * 1000
    while (performance.now() < end) {
      await sleep(LOOK_MS)
      const { strategies } = await status()
      const pids = new Map<string, number>([['gateway', gateway.pid]])
      for (const { id, pid, restarts } of strategies) {
        expect([id, restarts, pid !== undefined]).toEqual([id, 0, true])
        pids.set(id, pid as number)
      }
      const known = new Set(pids.values())
      for (const pid of childrenOf(gateway.pid)) if (!known.has(pid)) pids.set('snapshots', pid)
      for (const [name, pid] of pids) uses.set(name, [...(uses.get(name) ?? []), useOf(pid)])
      homes.push(sizeOf(home).kib)
    }
    const { orders, events } = await status()
    gateway.tell('stop')
    expect(await gateway.hear()).toBe(true)
    await gateway.end()

    const later = <T>(values: readonly T[]): T[] => values.slice(Math.ceil((values.length * WARM_UP_S) / SECONDS))
    const rows = [...uses].map(([name, all]) => {
      const growth = (of: (use: ProcessUse) => number): number => Math.round(growthOf(later(all).map(of)))
      const last = all.at(-1) as ProcessUse
      return {
        name,
        looks: all.length,
        ownMiB: Math.round(last.own / 1024),
        kib: growth(use => use.own),
        files: growth(use => use.files),
        mappings: growth(use => use.mappings),
      }
    })
    console.table(rows)
    const homeKib = Math.round(growthOf(later(homes)))
    console.log(
      `${events} events, ${orders} orders and requests in ${SECONDS} s; the home has ${Math.round((homes.at(-1) ?? 0) / 1024)} MiB, and grew by ${homeKib} KiB`,
    )
    expect(orders).toBeGreaterThan(SECONDS * 10)
    expect(rows.length).toBe(STRATEGIES + 2)
    for (const { name, kib, files, mappings } of rows) {
      const isStrategy = name !== 'gateway' && name !== 'snapshots'
      expect(kib, `KiB of ${name}`).toBeLessThan(isStrategy ? MOST_KIB : MOST_KIB_OF_OTHERS)
      expect(files, `files of ${name}`).toBeLessThanOrEqual(MOST_HANDLES)
      expect(mappings, `mappings of ${name}`).toBeLessThanOrEqual(MOST_HANDLES)
    }
    expect(homeKib, 'KiB of the home').toBeLessThan(MOST_KIB_OF_OTHERS)
  },
)
