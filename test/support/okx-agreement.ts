import type { FakeOkx } from '../../dist/exchanges/okx/fake/fake-okx.js'
import * as agreement from './agreement.ts'

/** Both agree on every order and fill: nothing was sent twice, nothing is lost, and no state is without the venue's word. */
export function expectAgreement(home: string, { world: { exchange, triggers } }: FakeOkx): void {
  agreement.expectAgreement(home, exchange, {
    // The order of a trigger has no client id of its own.
    clientIdOf: ({ clientId, details }) => (clientId === '' ? String(details['algoClOrdId']) : clientId),
    // A stop that waits, or has ended without an order.
    others: new Map(
      triggers.all.flatMap(({ algoClOrdId, state }) => {
        const id = agreement.orderIdIn(algoClOrdId)
        return id === undefined ? [] : [[id, state === 'live' ? 'accepted' : 'cancelled'] as const]
      }),
    ),
  })
}
