/** A desk on which a test decides step by step what happens: market events go in one by one, and each is waited for. */
import { Gateway, type GatewayOptions, type MarketEvent } from 'ticktape/runtime'
import { PushedFeed, QUICK, settled } from './desks.ts'

/** Plays events one after the other: the next one when all that came of the one before is done. Then stops in order. */
export async function playInSteps(
  options: Omit<GatewayOptions, 'feed'>,
  events: readonly MarketEvent[],
): Promise<void> {
  const feed = new PushedFeed()
  const gateway = await Gateway.start({ ...QUICK, ...options, feed })
  try {
    for (const event of events) {
      feed.push(event)
      await settled(gateway)
    }
  } finally {
    await gateway.stop()
  }
}
