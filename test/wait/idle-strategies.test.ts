/** What a loop does after looks that find nothing, each strategy by itself. */
import { describe, expect, it } from 'vitest'
import { Crowding } from '../../dist/wait/crowding.js'
import { type IdleStrategy, Park, type Sleepable, SleepInEventLoop, Spin, Yield } from '../../dist/wait/idle.js'

/** Nobody writes it and nobody closes it; says how often it was asked for news, which is done before each sleep. */
function silent(): Sleepable & { asked: number } {
  const sleepable = {
    asked: 0,
    controls: [undefined],
    closed: false,
    closing: new AbortController().signal,
    hasNews() {
      sleepable.asked++
      // There is some by now: a sleep ends at once.
      return true
    },
  }
  return sleepable
}

/** As on a machine where no reader ever waits for a core. */
function coresEnough(): Crowding {
  return new Crowding(
    () => performance.now(),
    () => undefined,
  )
}

/** How many looks in vain pass before the strategy wants something awaited. */
function looksUntilRest(strategy: IdleStrategy): number {
  for (let looks = 1; looks < 100_000; looks++) if (strategy.idle() !== undefined) return looks
  return Infinity
}

describe('an idle strategy', () => {
  it("'spin' never has the event loop awaited", () => {
    expect(looksUntilRest(new Spin())).toBe(Infinity)
  })

  it("'yield' spins, then has a turn of the event loop awaited at each look, until something was found", async () => {
    const strategy = new Yield()
    expect(looksUntilRest(strategy)).toBe(1001)
    let turned = false
    setImmediate(() => (turned = true))
    await strategy.idle()
    expect(turned).toBe(true)
    expect(looksUntilRest(strategy)).toBe(1)
    strategy.reset()
    expect(looksUntilRest(strategy)).toBe(1001)
  })

  it("'park' spins, then puts the thread to sleep at each look, until something was found", async () => {
    const on = silent()
    const strategy = new Park(on, coresEnough())
    expect([looksUntilRest(strategy), on.asked]).toEqual([1001, 1])
    expect([looksUntilRest(strategy), on.asked]).toEqual([1, 2])
    await strategy.idle()
    strategy.reset()
    expect([looksUntilRest(strategy), on.asked]).toEqual([1001, 4])
  })

  it("'event-loop' spins, sleeps, and spins again", async () => {
    const on = silent()
    const strategy = new SleepInEventLoop(on, undefined, coresEnough())
    for (let sleeps = 1; sleeps <= 3; sleeps++) expect([looksUntilRest(strategy), on.asked]).toEqual([1001, sleeps])
    await Promise.resolve()
  })

  it('that sleeps in the event loop is woken by its signal', async () => {
    const stop = new AbortController()
    const on = { ...silent(), hasNews: () => false }
    const strategy = new SleepInEventLoop(on, stop.signal, coresEnough())
    let rest: Promise<void> | undefined
    while (rest === undefined) rest = strategy.idle()
    stop.abort()
    await rest
  })
})
