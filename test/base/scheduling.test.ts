import { readFileSync } from 'node:fs'
import { getAffinity, setAffinity, setScheduling } from 'ticktape'
import { describe, expect, it } from 'vitest'
import { runChild } from '../support/child.ts'
import { failureOf } from '../support/failures.ts'
import { journalPath } from '../support/open.ts'
import { LINUX, ROOT, skipUnless } from '../support/skips.ts'

describe.skipIf(skipUnless(process.platform === 'linux', 'CPU affinity', 'only Linux binds threads'))(
  'CPU affinity',
  () => {
    it('is that of the kernel, and can be reduced and extended again', () => {
      const all = getAffinity()
      expect(all.length).toBeGreaterThan(0)
      setAffinity([all[0]])
      try {
        expect(getAffinity()).toEqual([all[0]])
        expect(readFileSync('/proc/thread-self/status', 'utf8')).toMatch(
          new RegExp(`Cpus_allowed_list:\\s+${all[0]}\\n`),
        )
      } finally {
        setAffinity(all)
      }
      expect(getAffinity()).toEqual(all)
    })

    it('refuses a value that is not a list of CPUs, and names a CPU that does not exist', () => {
      for (const wrong of [[], [-1], [1.5], ['0'], [5000], 3, null]) {
        expect(failureOf(() => setAffinity(wrong as number[])).code).toBe('ERR_INVALID_OPTION')
      }
      expect(failureOf(() => setAffinity([1023]))).toMatchObject({ code: 'ERR_SYSTEM', systemCode: 'EINVAL' })
    })
  },
)

/**
 * Opens a durable journal for writing, reads it with a reader that sleeps, and rolls to another page. Then reports the CPUs that each
 * thread of the addon may run on.
 */
const WHERE = `
import { readdirSync, readFileSync } from 'node:fs'
const threads = () => readdirSync('/proc/self/task').map(id => {
  const of = file => readFileSync('/proc/self/task/' + id + '/' + file, 'utf8')
  const [, cpus] = /Cpus_allowed_list:\\s+(\\S+)/.exec(of('status'))
  const fields = of('stat').split(') ')[1].split(' ')
  return { name: of('comm').trim(), cpus, nice: Number(fields[16]), policy: Number(fields[38]) }
}).filter(({ name }) => name.startsWith('ticktape-'))
const all = ticktape.getAffinity()
if (args[1] !== 'free') ticktape.setAffinity([all[0]])
if (args[1] === 'nice') ticktape.setScheduling('other', 7)
if (args[1] === 'fifo') ticktape.setScheduling('fifo', 1)
const writer = Writer.open(dir, { pageSize: 65536, durability: 'interval', frames: [Count] })
const reader = Reader.open(dir)
const reading = (async () => { for await (const f of reader) if (f.n === 1999) return })()
for (let n = 0; n < 2000; n++) writer.write(Count, { n })
await writer.flush()
await reading
const asleep = Reader.open(dir, { from: 'end' })
const stop = new AbortController()
const sleeping = asleep.run(on(Count, () => {}), { signal: stop.signal })
// The waiter starts when the reader has found nothing for a while.
for (let naps = 0; naps < 1000 && threads().length < 4; naps++) await sleep(10)
say({ all, here: ticktape.getAffinity(), threads: threads() })
stop.abort()
await sleeping
process.exit()
`

/** Opens a writer whose retention archives, on a thread that is bound. Reports the CPUs of the threads that were started, but for the addon's. */
const ARCHIVING = `
import { existsSync, readdirSync, readFileSync } from 'node:fs'
const ids = () => readdirSync('/proc/self/task')
const of = (id, file) => readFileSync('/proc/self/task/' + id + '/' + file, 'utf8')
const all = ticktape.getAffinity()
const before = new Set(ids())
ticktape.setAffinity([all[0]])
const writer = Writer.open(dir, { retain: { pages: 1, archive: args[1] } })
while (!existsSync(args[1] + '/archive.json')) await sleep(5)
const started = ids().filter(id => !before.has(id) && !of(id, 'comm').startsWith('ticktape-'))
say({ all, started: started.map(id => /Cpus_allowed_list:\\s+(\\S+)/.exec(of(id, 'status'))[1]) })
process.exit()
`

/** Two threads: one creates the writer's pages, the other maps pages for readers. */
const NAMES = ['ticktape-pages', 'ticktape-pages', 'ticktape-sync', 'ticktape-waiter']

interface Thread {
  readonly name: string
  readonly cpus: string
  readonly nice: number
  readonly policy: number
}

describe.skipIf(skipUnless(LINUX, 'where the threads of the addon run', 'only Linux says'))(
  'the threads of the addon',
  () => {
    async function threads(how: string): Promise<{ all: number[]; here: number[]; threads: Thread[] }> {
      const { said, stderr } = await runChild(WHERE, [journalPath(), how])
      expect(stderr).toBe('')
      const found = said[0] as Awaited<ReturnType<typeof threads>>
      expect(found.threads.map(({ name }) => name).sort()).toEqual(NAMES)
      return found
    }
    /** The CPUs of a list in the kernel's form: '0,2-4'. */
    const listed = (text: string): number[] =>
      text.split(',').flatMap(part => {
        const [first, last = first] = part.split('-').map(Number)
        return Array.from({ length: last - first + 1 }, (_, i) => first + i)
      })

    it('run on the CPUs of the process', async () => {
      const found = await threads('free')
      for (const { cpus } of found.threads) expect(listed(cpus)).toEqual(found.all)
    })

    it('avoid the CPUs of the thread that started them if there are others', async () => {
      const found = await threads('bound')
      expect(found.here).toEqual([found.all[0]])
      const others = found.all.length > 1 ? found.all.slice(1) : found.all
      for (const { cpus } of found.threads) expect(listed(cpus)).toEqual(others)
    })

    it('leave that CPU to it together with the thread that archives for retention', async () => {
      const { said, stderr } = await runChild(ARCHIVING, [journalPath(), `${journalPath()}-archive`])
      expect(stderr).toBe('')
      const { all, started } = said[0] as { readonly all: number[]; readonly started: readonly string[] }
      const others = all.length > 1 ? all.slice(1) : all
      expect(started.map(listed)).toContainEqual(others)
    })

    it.skipIf(skipUnless(ROOT, 'threads of niced and real-time ones', 'only root may raise a priority again'))(
      'do not inherit nice values and policies',
      async () => {
        for (const how of ['nice', 'fifo']) {
          const found = await threads(how)
          for (const { nice, policy } of found.threads) expect({ nice, policy }).toEqual({ nice: 0, policy: 0 })
        }
      },
    )
  },
)

it('scheduling refuses wrong policies and priorities', () => {
  for (const [policy, priority] of [
    ['round', 1],
    ['fifo', 0],
    ['fifo', 100],
    ['other', 20],
    ['other', 1.5],
  ]) {
    expect(failureOf(() => setScheduling(policy as 'fifo', priority as number)).code).toBe('ERR_INVALID_OPTION')
  }
})
