import { TicktapeError } from '../../base/errors.js'
import { endWithParent } from '../../runtime/supervision/end-with-parent.js'
import type { MarketEvent } from '../../trading/messages/market-event.js'
import { ccxtError } from './ccxt-errors.js'
import { followCcxtMarket } from './ccxt-market.js'
import type { CcxtMarketConfig, CcxtMarketMessage } from './market-messages.js'
import { takeStrayRejections } from './stray-rejections.js'

/** The process of market data by ccxt: it says what it hears to its parent, and ends with it. */
endWithParent()
const config = JSON.parse(process.argv[2] ?? '{}') as CcxtMarketConfig

function say(message: CcxtMarketMessage): void {
  // A parent that has ended does not hear it, and this process ends too.
  if (process.connected) process.send?.(message)
}

let pending: MarketEvent[] = []

/** Events of one turn of the loop go together. */
function take(event: MarketEvent): void {
  pending.push(event)
  if (pending.length > 1) return
  setImmediate(() => {
    const events = pending
    pending = []
    say({ kind: 'events', events })
  })
}

process.once('disconnect', () => process.exit(0))
// The terminal's signals are for the parent, which ends this process.
process.on('SIGINT', () => {})
takeStrayRejections(error => say({ kind: 'gap', what: ccxtError(error, {}).message }))
try {
  await followCcxtMarket(
    config,
    {
      onInstruments: specs => say({ kind: 'instruments', specs }),
      onEvent: take,
      onGap: what => say({ kind: 'gap', what }),
    },
    new AbortController().signal,
  )
} catch (error) {
  const { code, message } = error as { readonly code?: unknown; readonly message: string }
  const isKnown = error instanceof TicktapeError && typeof code === 'string'
  say({ kind: 'failed', code: isKnown ? code : '', message })
  process.disconnect()
}
