import { SimulatedExchange } from 'ticktape/trading'
import { expect, test } from 'vitest'
import { FrameRecorder } from '../../../dist/frames/frame-recorder.js'
import { makeDesk } from '../../../dist/trading/desk/make-desk.js'

const SECOND = 1e9

test('after a clock that was set back, a gateway that starts gives strategies that are gone the whole limit', () => {
  const identity = { home: 1n, generation: 1, origin: 1_800_000_000_000_000_000n }
  const venues = [{ venue: new SimulatedExchange({ name: 'sim' }), isRemote: false }]
  const desk = makeDesk(identity, venues, 0, new FrameRecorder())
  desk.deadMan.setLimit(30_000)
  desk.tick(3600 * SECOND)
  desk.startStrategy(1, 'a', 1, false)
  desk.endStrategy(1)
  // An hour back: the desk's own time goes on from where it was.
  desk.tick(10 * SECOND)
  desk.restart(11 * SECOND, 1)
  expect(desk.deadMan.nextAt - desk.now).toBe(30 * SECOND)
})
