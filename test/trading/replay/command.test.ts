import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { SyntheticFeed } from 'ticktape/runtime'
import { describe, expect, test } from 'vitest'
import { newHome, playToEnd } from '../../support/desks.ts'
import { makeFolder } from '../../support/folders.ts'
import { ticktape } from '../../support/journals.ts'
import { tenth } from '../../support/strategies/tenth.ts'

async function record(limit = 1000): Promise<string> {
  const home = newHome()
  await playToEnd({ home, strategies: [tenth('')], feed: new SyntheticFeed({ limit, rate: 3000 }) })
  return home
}

describe('ticktape replay', () => {
  test('exits with status 0 for the same, 1 for a difference, 2 for a failure', { timeout: 120_000 }, async () => {
    const home = await record()
    const same = ticktape('replay', home, '--strategy', 'a')
    expect([same.status, same.stdout, same.stderr]).toEqual([
      0,
      expect.stringMatching(/^a: the same: [\d ]+ frames in 1 run, \d+ orders/) as string,
      '',
    ])
    const changed = tenth('if (n === 30) return')
    const different = ticktape('replay', home, '--strategy', 'a', changed)
    expect([different.status, different.stdout]).toEqual([
      1,
      expect.stringContaining('does not send what is') as string,
    ])
    const json = JSON.parse(ticktape('replay', home, '--strategy', 'a', changed, '--json').stdout) as {
      same: boolean
      difference: { recorded: object }
    }
    expect(json).toMatchObject({
      same: false,
      strategy: 'a',
      difference: { recorded: { quantity: 1, orderType: 'market' } },
    })
    expect(ticktape('replay', home)).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/^gateway: the same.*\nsim: the same.*\na: the same/) as string,
    })
    expect(JSON.parse(ticktape('replay', home, '--json').stdout)).toMatchObject({
      same: true,
      gateway: { verdict: 'same', text: expect.stringMatching(/^1000 market events/) as string },
      exchanges: [{ who: 'sim', verdict: 'same' }],
      strategies: [{ who: 'a', verdict: 'same' }],
    })
    for (const args of [
      [home, changed],
      [home, '--strategy', 'b'],
      [home, '--strategy', 'a', '--speed', '2x'],
      [makeFolder(), '--strategy', 'a'],
      [makeFolder()],
    ]) {
      expect(ticktape('replay', ...args)).toMatchObject({
        status: 2,
        stdout: '',
        stderr: expect.stringMatching(/^ERR_/) as string,
      })
    }
  })

  test('of a journal counts its frames by kind, or prints them', { timeout: 60_000 }, async () => {
    const home = await record(500)
    const gateway = join(home, 'gateway')
    const counted = JSON.parse(ticktape('replay', gateway, '--json').stdout) as {
      frames: number
      kinds: { name: string; frames: number }[]
    }
    const frames = (name: string): number => counted.kinds.find(kind => kind.name === name)?.frames ?? 0
    expect(frames('BookTop') + frames('Trade')).toBe(500)
    // Nobody wants them.
    expect(frames('Ticker')).toBe(0)
    expect(frames('Taken')).toBeGreaterThan(0)
    expect(counted.frames).toBe(counted.kinds.reduce((sum, kind) => sum + kind.frames, 0))
    expect(ticktape('replay', gateway).stdout).toContain(`${frames('Trade')}  Trade`)
    for (const args of [['--print'], ['--speed', '1000x'], ['--print', '--json']]) {
      const { status, stdout } = ticktape('replay', gateway, ...args)
      expect([args, status, stdout.trimEnd().split('\n').length]).toEqual([args, 0, counted.frames])
    }
    mkdirSync(join(home, 'empty'))
    expect(ticktape('replay', join(home, 'empty'))).toMatchObject({ status: 2 })
  })
})
