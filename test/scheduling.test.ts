import { readFileSync } from 'node:fs'
import { getAffinity, setAffinity, setScheduling } from 'ticktape'
import { describe, expect, it } from 'vitest'
import { failureOf } from './support/failures.ts'
import { skipUnless } from './support/skips.ts'

describe.skipIf(skipUnless(process.platform === 'linux', 'CPU affinity', 'only Linux binds threads'))('CPU affinity', () => {
  it('is what the kernel says of the thread, and can be narrowed and widened again', () => {
    const all = getAffinity()
    expect(all.length).toBeGreaterThan(0)
    setAffinity([all[0]])
    try {
      expect(getAffinity()).toEqual([all[0]])
      expect(readFileSync('/proc/thread-self/status', 'utf8')).toMatch(new RegExp(`Cpus_allowed_list:\\s+${all[0]}\\n`))
    } finally {
      setAffinity(all)
    }
    expect(getAffinity()).toEqual(all)
  })

  it('refuses what is no list of CPUs, and says when there is no such CPU', () => {
    for (const wrong of [[], [-1], [1.5], ['0'], [5000], 3, null]) {
      expect(failureOf(() => setAffinity(wrong as number[])).code).toBe('ERR_INVALID_OPTION')
    }
    expect(failureOf(() => setAffinity([1023]))).toMatchObject({ code: 'ERR_SYSTEM', systemCode: 'EINVAL' })
  })
})

it('scheduling refuses wrong policies and priorities', () => {
  for (const [policy, priority] of [['round', 1], ['fifo', 0], ['fifo', 100], ['other', 20], ['other', 1.5]]) {
    expect(failureOf(() => setScheduling(policy as 'fifo', priority as number)).code).toBe('ERR_INVALID_OPTION')
  }
})
