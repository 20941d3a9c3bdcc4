/** Venues for tests. */
import { SimulatedExchange, type VenueEvent, type VenueOrder } from 'ticktape/trading'

/**
 * A venue that a program has and the library does not know: an exchange as the simulated one, with its answers changed by the
 * test. `change` gets each event before it is reported, and returns whether it is.
 */
export class ChangedExchange extends SimulatedExchange {
  /** Orders, amends, cancels that reached it. */
  asked = 0
  /** Replay cannot build it: only a program that has this class can. */
  override readonly configuration = { kind: 'changed' } as never

  constructor(
    private readonly change: (event: VenueEvent, venue: ChangedExchange) => boolean = () => true,
    options: ConstructorParameters<typeof SimulatedExchange>[0] = {},
  ) {
    super({ name: 'changed', ...options })
  }

  override start(report: (event: VenueEvent) => void): void {
    super.start(event => {
      if (this.change(event, this)) report(event)
    })
  }

  override submit(order: VenueOrder, now: number): void {
    this.asked++
    super.submit(order, now)
  }

  override amend(...args: Parameters<SimulatedExchange['amend']>): void {
    this.asked++
    super.amend(...args)
  }

  override cancel(...args: Parameters<SimulatedExchange['cancel']>): void {
    this.asked++
    super.cancel(...args)
  }
}
