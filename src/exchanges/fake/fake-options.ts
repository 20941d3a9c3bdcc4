import { checkOptions, kinds } from '../../base/options.js'
import { checkFaults, type FakeFaults } from './fake-faults.js'

/** What each fake venue can be given. */
export interface FakeVenueOptions {
  /** Default 0: any free port. */
  readonly port?: number
  /** Of the market and of the faults. Default 1. */
  readonly seed?: number
  /** Market events a second, over all instruments. Default 200. */
  readonly rate?: number
  /** How many times faster than the machine's the time of its market goes, and that of messages about it. Default 1. */
  readonly speed?: number
  readonly faults?: FakeFaults
  /** Requests about orders that it takes in its window. Default: as many as the venue. */
  readonly limit?: number
}

/** @param what is being started. @throws {InvalidOptionError} */
export function checkFakeOptions(what: string, options: FakeVenueOptions & { readonly credentials?: object }): void {
  checkOptions(what, options, {
    port: kinds.integer(0, 65_535),
    seed: kinds.integer(0, 2 ** 32 - 1),
    rate: kinds.number(1, 1_000_000),
    speed: kinds.number(1, 10_000),
    faults: kinds.object,
    limit: kinds.integer(1, 1_000_000),
    credentials: kinds.object,
  })
  checkFaults(options.faults ?? {})
}
