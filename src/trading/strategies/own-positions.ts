import type { FrameView } from '../../frames/view.js'
import type { Instrument } from '../instruments/instrument.js'
import type { Instruments } from '../instruments/instruments.js'
import type { Fill } from '../messages/order-frames.js'
import { Positions } from '../positions/positions.js'
import { InversePosition } from './inverse-position.js'

/** A strategy's position in one instrument, in units of the instrument and of its settlement currency. */
export interface OwnPosition {
  /** Above 0 long, below 0 short. */
  readonly quantity: number
  /** 0 without a position. */
  readonly averagePrice: number
  /** Profit of what was closed, without fees. */
  readonly realised: number
  /** Profit of closing the rest at the middle of the last quote; 0 before the first quote. */
  readonly unrealised: number
}

/** The strategy's own positions, from its fills. */
export class OwnPositions {
  private readonly positions = new Positions({ scale: { price: 18, quantity: 18 } })
  /** By the instrument's number. */
  private readonly inverse: (InversePosition | undefined)[] = []
  private readonly bids: number[] = []
  private readonly asks: number[] = []

  constructor(private readonly instruments: Instruments) {}

  filled(fill: FrameView<typeof Fill>): void {
    const instrument = this.instruments.get(fill.instrument)
    if (instrument === undefined) return
    if (instrument.inverse) return this.inverseOf(instrument).fill(fill.side === 'buy', fill.price, fill.quantity)
    this.positions.apply({
      strategy: 'own',
      symbol: instrument.name,
      side: fill.side,
      price: fill.price,
      quantity: fill.quantity,
    })
  }

  quoted(instrument: number, bid: number, ask: number): void {
    this.bids[instrument] = bid
    this.asks[instrument] = ask
  }

  /** @param instrument undefined for one of which nothing is known yet: there is no position in it. */
  of(instrument: Instrument | undefined): OwnPosition {
    if (instrument === undefined) return { quantity: 0, averagePrice: 0, realised: 0, unrealised: 0 }
    const bid = this.bids[instrument.number] ?? 0
    const ask = this.asks[instrument.number] ?? 0
    if (instrument.inverse) {
      const position = this.inverseOf(instrument)
      const { quantity, averagePrice, realised } = position
      return {
        quantity,
        averagePrice,
        realised,
        unrealised: bid > 0 && ask > 0 ? position.unrealised((bid + ask) / 2) : 0,
      }
    }
    const position = this.positions.get('own', instrument.name)
    const multiplier = instrument.multiplier.valueOf(1)
    return {
      quantity: Number(position.quantity),
      averagePrice: Number(position.averagePrice),
      realised: Number(position.realised) * multiplier,
      unrealised: bid > 0 && ask > 0 ? Number(position.unrealised((bid + ask) / 2)) * multiplier : 0,
    }
  }

  private inverseOf(instrument: Instrument): InversePosition {
    return (this.inverse[instrument.number] ??= new InversePosition(instrument))
  }
}
