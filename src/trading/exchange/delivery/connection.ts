import type { Random } from '../../exact/random.js'
import { VenueEvent } from '../../venues/venue-event.js'
import type { CheckedFaults } from './faults.js'
import type { DelayDraw } from './latency.js'
import { TimedQueue } from './timed-queue.js'

/**
 * The way from the exchange to us: what the exchange says arrives after a delay, in its order, unless a fault makes it
 * late, doubled or lost.
 */
export class Connection {
  /** When the connection is there again; 0 when it is there. */
  downUntil = 0
  /** Nothing arrives before what was sent earlier. */
  lastArrival = 0
  readonly queue = new TimedQueue(() => new VenueEvent())
  private readonly delay: DelayDraw
  private readonly faults: CheckedFaults
  private readonly random: Random
  private readonly hasFaults: boolean
  /** What is said while nothing arrives. */
  private readonly lost = new VenueEvent()
  private last: VenueEvent | undefined = undefined
  private isDelivering = false
  report: (event: VenueEvent) => void = noReader

  constructor(delay: DelayDraw, faults: CheckedFaults, random: Random) {
    this.delay = delay
    this.faults = faults
    this.random = random
    this.hasFaults = faults.lostAnswer + faults.late + faults.doubled + faults.reordered > 0
  }

  /** An event to fill, said at `time`. It is whole when the next one is asked for, or `deliver` is called. */
  say(time: number): VenueEvent {
    if (this.hasFaults) return this.sayWithFaults(time)
    if (this.downUntil > time) return this.lost
    return this.queue.add(this.arrival(time))
  }

  /** As `say`, but no fault happens to it: answers to a reconciliation or a query, and what is said of the connection. */
  saySurely(time: number): VenueEvent {
    this.finishLast()
    if (this.downUntil > time) return this.lost
    return this.queue.add(this.arrival(time))
  }

  /** An event of the connection itself: it does not come from the exchange and takes no time. */
  sayHere(time: number): VenueEvent {
    this.finishLast()
    return this.queue.add(time)
  }

  /** Everything under way is lost, and all that is said before `until`. */
  breakUntil(until: number): void {
    this.finishLast()
    this.queue.clear()
    this.lastArrival = 0
    this.downUntil = until
  }

  /** Reports what has arrived at `now`. A reader may call the exchange while it is reported to. */
  deliver(now: number): void {
    if (this.hasFaults) this.finishLast()
    if (this.isDelivering) return
    this.isDelivering = true
    try {
      while (this.queue.at <= now) this.report(this.queue.shift())
    } finally {
      this.isDelivering = false
    }
  }

  private arrival(time: number): number {
    const arrival = time + this.delay.next()
    if (arrival > this.lastArrival) this.lastArrival = arrival
    return this.lastArrival
  }

  private sayWithFaults(time: number): VenueEvent {
    this.finishLast()
    if (this.downUntil > time) return this.lost
    const { faults, random } = this
    if (faults.lostAnswer > 0 && random.next() < faults.lostAnswer) return this.lost
    if (faults.late > 0 && random.next() < faults.late) {
      return this.queue.addApart(this.arrival(time) + faults.lateNs)
    }
    if (faults.reordered > 0 && random.next() < faults.reordered) {
      return this.queue.addApart(this.arrival(time) + 1 + Math.floor(random.next() * faults.reorderNs))
    }
    const event = this.queue.add(this.arrival(time))
    if (faults.doubled > 0 && random.next() < faults.doubled) this.last = event
    return event
  }

  /** The last event is whole now, so that it can be said a second time. */
  private finishLast(): void {
    const { last } = this
    if (last === undefined) return
    this.last = undefined
    const at = this.lastArrival + Math.floor(this.random.next() * this.faults.reorderNs)
    this.queue.addApart(at).copy(last)
  }
}

function noReader(): void {}
