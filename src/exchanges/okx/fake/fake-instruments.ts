import type { Fields } from '../../fields.js'

/** The instruments of a fake OKX, as its REST answer has them. */
export const FAKE_INSTRUMENTS: readonly Fields[] = [
  spot('BTC', '0.1', '0.00000001', '0.00001', 101),
  spot('ETH', '0.01', '0.000001', '0.0001', 102),
  spot('SOL', '0.001', '0.0001', '0.001', 103),
  {
    ...spot('BTC', '0.1', '0.001', '0.001', 104),
    instType: 'SWAP',
    instId: 'BTC-USDT-SWAP',
    instFamily: 'BTC-USDT',
    uly: 'BTC-USDT',
    baseCcy: '',
    quoteCcy: '',
    settleCcy: 'USDT',
    ctVal: '0.01',
    ctMult: '1',
    ctType: 'linear',
    ctValCcy: 'BTC',
  },
]

function spot(base: string, tickSz: string, lotSz: string, minSz: string, instIdCode: number): Fields {
  return {
    instType: 'SPOT',
    instId: `${base}-USDT`,
    instIdCode,
    instFamily: '',
    uly: '',
    baseCcy: base,
    quoteCcy: 'USDT',
    settleCcy: '',
    ctVal: '',
    ctMult: '',
    ctType: '',
    ctValCcy: '',
    tickSz,
    lotSz,
    minSz,
    maxLmtSz: '100000',
    state: 'live',
  }
}
