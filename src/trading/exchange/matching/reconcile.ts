import { FILL_WHO } from '../accounts/fills.js'
import { NEXT_OF_HOLDING, WORDS } from '../book/orders.js'
import type { Answers } from './answers.js'
import type { VenueState } from './venue-state.js'

/** Says what an account has: fills since the last reconciliation, open orders, positions and balances; then 'reconciled'. */
export function reconcileAccount(state: VenueState, answers: Answers, index: number): void {
  const account = state.accounts[index]
  if (account === undefined) return
  const { fills, orders } = state
  for (let number = Math.max(fills.oldest, account.reconciledFill + 1); number <= fills.count; number++)
    if (Math.floor(fills.values[fills.at(number) + FILL_WHO] / 4) === index) answers.fill(number, true)
  account.reconciledFill = fills.count
  for (const holding of account.holdings) {
    if (holding === undefined) continue
    for (let order = holding.firstOrder; order !== 0; order = orders.words[order * WORDS + NEXT_OF_HOLDING])
      answers.terms(order, 'open', 0, true)
  }
  for (const holding of account.holdings) if (holding !== undefined) answers.position(holding)
  for (const wallet of account.wallets) if (wallet !== undefined) answers.balance(account, wallet)
  answers.ofAccount(account, 'reconciled')
}
