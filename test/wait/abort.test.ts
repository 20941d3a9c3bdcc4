import { setTimeout as sleep } from 'node:timers/promises'
import { on, type Wait } from 'ticktape'
import { expect, it } from 'vitest'
import { runChild } from '../support/child.ts'
import { Count } from '../support/frames.ts'
import { journalPath, openReader, openWriter } from '../support/open.ts'

it.each<Wait>(['spin', 'yield', 'park', 'event-loop'])(
  'run with %s ends even if another listener stops the propagation of the abort event',
  async wait => {
    const writer = openWriter()
    const reader = openReader(writer.path)
    const stop = new AbortController()
    stop.signal.addEventListener('abort', event => event.stopImmediatePropagation())
    const running = reader.run(
      on(Count, () => {}),
      { wait, signal: stop.signal },
    )
    await sleep(20)
    stop.abort()
    // A reader that sleeps in the event loop is woken by the next frame at the latest.
    writer.write(Count, { n: 1 })
    expect(await running).toBeLessThanOrEqual(1)
  },
)

/** Ends many runs by an exception. Each has its own signal, which depends on one that stays alive. Prints how many signals still exist. */
const MANY = `
const root = new AbortController()
const writer = Writer.open(dir, { frames: [Count] })
writer.write(Count, { n: 1 })
const refs = []
for (let i = 0; i < 200; i++) {
  const reader = Reader.open(dir)
  const signal = AbortSignal.any([root.signal])
  refs.push(new WeakRef(signal))
  await reader.run(on(Count, () => { throw new Error('enough') }), { wait: args[1], signal }).catch(() => {})
  reader.close()
}
for (let i = 0; i < 5; i++) { await sleep(1); global.gc() }
say(refs.filter(ref => ref.deref() !== undefined).length)
writer.close()
`

it('a run that has ended removes its listeners from the signal', async () => {
  for (const wait of ['spin', 'event-loop']) {
    const { said, stderr } = await runChild(MANY, [journalPath(), wait], ['--expose-gc'])
    expect(stderr).toBe('')
    expect(said[0]).toBeLessThan(10)
  }
})
