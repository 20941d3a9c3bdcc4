import { type Handlers, on } from '../frames/handlers.js'
import type { KnownBefore } from '../trading/inspect/known-before.js'
import type { Names } from '../trading/inspect/names.js'
import { VenueReport } from '../trading/sequence/frames.js'
import type { VenueSample } from './types.js'

type State = Pick<VenueSample, 'state' | 'since'>

/** The connections to venues, by account, as the venues' adapters report them. */
export class VenueStates {
  readonly handlers: Handlers
  /** By the venue's number and its account's. */
  private readonly states = new Map<string, State>()
  /** By account name: whether a snapshot says that trading was possible. */
  private readonly known = new Map<string, boolean>()

  constructor(private readonly names: Names) {
    this.handlers = on(VenueReport, ({ kind, venue, account, time }) => {
      if (kind === 'connected' || kind === 'disconnected' || kind === 'reconciled')
        this.states.set(`${venue}/${account}`, { state: kind, since: time })
    })
  }

  begin({ desk }: KnownBefore): void {
    for (const { kind, name, reconciled } of desk.desk.risk.owners)
      if (kind === 'account') this.known.set(name, reconciled)
  }

  get samples(): VenueSample[] {
    return (this.names.config?.venues ?? []).flatMap(({ name, accounts, deterministic }, venue) =>
      accounts.map((account, number) => {
        const { state, since } = this.states.get(`${venue}/${number}`) ?? this.assumed(account, deterministic)
        return { name, account, state, since }
      }),
    )
  }

  /** A simulated exchange is part of the gateway and always connected. */
  private assumed(account: string, isSimulated: boolean): State {
    const reconciled = isSimulated || this.known.get(account) === true
    return { state: reconciled ? 'reconciled' : 'unknown', since: undefined }
  }
}
