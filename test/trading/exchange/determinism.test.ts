/** The same calls and the same seed give the same events, to the byte; also after a save and a load in the middle. */
import { createHash } from 'node:crypto'
import * as fc from 'fast-check'
import { SimulatedExchange } from 'ticktape/trading'
import { describe, expect, test } from 'vitest'
import { failureOf } from '../../support/failures.ts'
import { INSTRUMENTS, lineOf, SPECS, Stream, type StreamOptions } from './stream.ts'

const OPTIONS: StreamOptions = {
  fees: { maker: '-0.00015', taker: '0.00075' },
  balances: { USDT: 3, BTC: '0.08' },
  leverage: 200,
  queue: 'probabilistic',
  seed: 7,
  latencyNs: {
    to: {
      quantiles: [
        [0, 10],
        [0.9, 60],
        [1, 400],
      ],
    },
    from: { min: 5, max: 90 },
  },
  faults: {
    reject: 0.05,
    lostRequest: 0.05,
    lostAnswer: 0.05,
    late: 0.05,
    lateNs: 900,
    doubled: 0.1,
    reordered: 0.1,
    reorderNs: 300,
    disconnect: 0.01,
    outageNs: 500,
  },
  funding: [{ symbol: 'PERP', at: 3000, rate: '0.0001' }],
  keepOrders: 50,
  keepFills: 60,
}

function hashOf(seed: number, options: StreamOptions): string {
  const hash = createHash('sha256')
  const stream = new Stream(seed, options)
  stream.onEvent = event => hash.update(lineOf(event))
  for (let i = 0; i < 2000; i++) stream.step()
  stream.exchange.advance(1e9)
  hash.update(JSON.stringify([stream.exchange.record(), stream.exchange.sums()]))
  return hash.digest('hex')
}

describe('determinism', () => {
  test('the same seed gives the same bytes, another seed others', () => {
    const first = hashOf(1, OPTIONS)
    expect(hashOf(1, OPTIONS)).toBe(first)
    expect(hashOf(1, { ...OPTIONS, seed: 8 })).not.toBe(first)
  })

  test('an exchange that loads a saved state continues as the saved one', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 32 - 1 }), fc.integer({ min: 0, max: 400 }), (seed, before) => {
        const stream = new Stream(seed, OPTIONS)
        for (let i = 0; i < before; i++) stream.step()
        const saved = JSON.parse(JSON.stringify(stream.exchange.save())) as ReturnType<SimulatedExchange['save']>
        const { recorded: _, ...options } = OPTIONS
        const copy = new SimulatedExchange({ instruments: SPECS, accounts: ['a', 'b', 'c'], ...options })
        copy.load(saved)
        expect(copy.save()).toEqual(saved)

        // The numbers of both streams come from one list, so that they call the same.
        const calls = Array.from({ length: 4000 }, () => stream.next(2 ** 30))
        const follow = (one: Stream): string[] => {
          const lines: string[] = []
          let used = 0
          one.onEvent = event => lines.push(lineOf(event))
          Object.assign(one, { next: (below: number) => calls[used++ % calls.length] % below })
          for (let i = 0; i < 200; i++) one.step()
          one.exchange.advance(1e9)
          return [...lines, JSON.stringify([one.exchange.record(), one.exchange.sums()])]
        }
        const other = stream.handOver(copy)
        expect(follow(other).filter(line => !line.startsWith('["connected",0,0,0,0'))).toEqual(
          follow(stream).filter(line => !line.startsWith('["connected",0,0,0,0')),
        )
      }),
      { numRuns: 60 },
    )
  })

  test('a saved state is loaded by a new exchange with the same options only', () => {
    const saved = new Stream(1).exchange.save()
    const used = new Stream(1)
    used.exchange.quote(INSTRUMENTS[0], 1, 1, 2, 1, 0)
    expect(failureOf(() => used.exchange.load(saved))).toMatchObject({ code: 'ERR_INVALID_STATE' })
    expect(failureOf(() => new SimulatedExchange({ seed: 2 }).load(saved))).toMatchObject({
      code: 'ERR_INVALID_OPTION',
    })
  })
})
