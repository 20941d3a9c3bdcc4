import { test } from 'vitest'
import { runCampaign } from '../support/campaign.ts'

/**
 * TICKTAPE_DESK_SECONDS: how long each campaign goes on. TICKTAPE_DESK_RATE: orders a second that there must be; speed is tested only
 * in the long run, `npm run test:desk`.
 */
const SECONDS = Number(process.env['TICKTAPE_DESK_SECONDS'] ?? 20)
/** With the venue's process the normal run is shorter: the desk is the same. */
const REMOTE_SECONDS = Number(process.env['TICKTAPE_DESK_SECONDS'] ?? 6)
const RATE = Number(process.env['TICKTAPE_DESK_RATE'] ?? 0)
const LIMIT = 180_000 + 10_000 * SECONDS

test(
  'a gateway with its exchange and five strategies, one process killed each second: every order and fill once',
  {
    timeout: LIMIT,
  },
  () => runCampaign({ remote: false, seconds: SECONDS, leastRate: RATE }),
)

test('the same with the venue in a process of its own, which is killed too', { timeout: LIMIT }, () =>
  runCampaign({ remote: true, seconds: REMOTE_SECONDS, leastRate: RATE }),
)
