import { checkOptions, kinds } from '../../../base/options.js'

/** What goes wrong, each with a probability from 0 to 1, drawn from the seed. Default 0. */
export interface Faults {
  /** An order is refused for no reason. */
  readonly reject?: number
  /** A request (order, amend or cancel) never arrives. */
  readonly lostRequest?: number
  /** An answer or a fill is never reported. */
  readonly lostAnswer?: number
  /** An answer or a fill is reported `lateNs` later, out of order. */
  readonly late?: number
  /** Default 1 s. */
  readonly lateNs?: number
  /** An answer or a fill is reported twice, the second time up to `reorderNs` later. */
  readonly doubled?: number
  /** An answer or a fill is reported up to `reorderNs` later, so that others overtake it. */
  readonly reordered?: number
  /** Default 1 ms. */
  readonly reorderNs?: number
  /** With a request the connection breaks: the request and all that is under way to us is lost. */
  readonly disconnect?: number
  /** How long a broken connection stays broken. Default 100 ms. */
  readonly outageNs?: number
}

export type CheckedFaults = Required<Faults>

/** @throws {InvalidOptionError} */
export function checkFaults(faults: Faults): CheckedFaults {
  const share = kinds.number(0, 1)
  const ns = kinds.integer(0, 86_400e9)
  checkOptions("option 'faults' of SimulatedExchange", faults, {
    reject: share,
    lostRequest: share,
    lostAnswer: share,
    late: share,
    lateNs: ns,
    doubled: share,
    reordered: share,
    reorderNs: ns,
    disconnect: share,
    outageNs: ns,
  })
  return {
    reject: faults.reject ?? 0,
    lostRequest: faults.lostRequest ?? 0,
    lostAnswer: faults.lostAnswer ?? 0,
    late: faults.late ?? 0,
    lateNs: faults.lateNs ?? 1e9,
    doubled: faults.doubled ?? 0,
    reordered: faults.reordered ?? 0,
    reorderNs: faults.reorderNs ?? 1e6,
    disconnect: faults.disconnect ?? 0,
    outageNs: faults.outageNs ?? 100e6,
  }
}
