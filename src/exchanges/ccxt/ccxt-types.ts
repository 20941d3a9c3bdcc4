/** What is used of ccxt, as its documentation says. With `number = String` prices and amounts are texts; without it numbers. */
export interface CcxtPackage {
  readonly version: string
  /** The ids of all exchanges. */
  readonly exchanges: readonly string[]
  /** Those with sockets. */
  readonly pro: Readonly<Record<string, new (options: object) => CcxtExchange>>
}

export type CcxtNumber = string | number | undefined

export interface CcxtLimits {
  readonly min?: CcxtNumber
  readonly max?: CcxtNumber
}

export interface CcxtMarket {
  readonly id: string
  readonly symbol: string
  readonly type: string
  readonly subType?: string | undefined
  readonly base: string
  readonly quote: string
  readonly settle?: string | undefined
  readonly active?: boolean | undefined
  readonly contract?: boolean | undefined
  readonly inverse?: boolean | undefined
  readonly contractSize?: CcxtNumber
  readonly precision: { readonly amount?: CcxtNumber; readonly price?: CcxtNumber }
  readonly limits: { readonly amount?: CcxtLimits; readonly cost?: CcxtLimits }
}

export interface CcxtOrder {
  readonly id?: string | undefined
  readonly clientOrderId?: string | undefined
  readonly symbol?: string | undefined
  readonly type?: string | undefined
  readonly side?: string | undefined
  /** 'open', 'closed', 'canceled', 'expired', 'rejected', or a word of the venue. */
  readonly status?: string | undefined
  readonly price?: CcxtNumber
  readonly amount?: CcxtNumber
  readonly filled?: CcxtNumber
  /** ms since 1970. */
  readonly timestamp?: number | undefined
  readonly lastUpdateTimestamp?: number | undefined
}

export interface CcxtFee {
  readonly cost?: CcxtNumber
  readonly currency?: string | undefined
}

export interface CcxtTrade {
  readonly id?: string | undefined
  readonly order?: string | undefined
  readonly symbol?: string | undefined
  readonly side?: string | undefined
  readonly takerOrMaker?: string | undefined
  readonly price?: CcxtNumber
  readonly amount?: CcxtNumber
  readonly fee?: CcxtFee | undefined
  /** ms since 1970. */
  readonly timestamp?: number | undefined
}

export interface CcxtPosition {
  readonly symbol?: string | undefined
  readonly side?: string | undefined
  readonly contracts?: CcxtNumber
  readonly hedged?: boolean | undefined
}

export interface CcxtTicker {
  readonly bid?: number | undefined
  readonly bidVolume?: number | undefined
  readonly ask?: number | undefined
  readonly askVolume?: number | undefined
  readonly timestamp?: number | undefined
}

/** Levels are [price, amount]. */
export interface CcxtBook {
  readonly bids: readonly (readonly [number, number])[]
  readonly asks: readonly (readonly [number, number])[]
  readonly timestamp?: number | undefined
}

/** A connection of ccxt. */
export interface CcxtClient {
  readonly url: string
  readonly isConnected: boolean
  /** Called with each message as it was received. */
  onMessage: (message: { readonly data: unknown }) => void
}

type Parameters = Readonly<Record<string, unknown>>

/** An exchange of ccxt. What it can do is in `has`. */
export interface CcxtExchange {
  readonly id: string
  has: Record<string, unknown>
  urls: Record<string, unknown>
  options: Record<string, unknown>
  readonly requiredCredentials: Readonly<Record<string, boolean>>
  readonly precisionMode: number
  /** ms between two requests. */
  readonly rateLimit: number
  markets: Readonly<Record<string, CcxtMarket>> | undefined
  readonly clients: Readonly<Record<string, CcxtClient>> | undefined
  readonly orderbooks: Readonly<Record<string, CcxtBook | undefined>>
  readonly bidsasks: Readonly<Record<string, CcxtTicker | undefined>>
  readonly tickers: Readonly<Record<string, CcxtTicker | undefined>>
  number: (value: unknown) => string | number
  newUpdates: boolean
  enableRateLimit: boolean
  timeout: number

  // What is replaced, so that nothing that arrives or leaves is missed.
  fetch(url: string, method?: string, headers?: unknown, body?: unknown): Promise<unknown>
  onRestResponse(
    status: number,
    statusText: string,
    url: string,
    method: string,
    headers: unknown,
    body: string,
    ...request: unknown[]
  ): string
  hasUnsafeInteger(value: unknown): boolean
  client(url: string): CcxtClient
  handleMessage(client: CcxtClient, message: unknown): unknown
  log(...what: unknown[]): void

  setSandboxMode(isOn: boolean): void
  loadHttpProxyAgent(): Promise<unknown>
  loadMarkets(): Promise<unknown>
  featureValue(symbol: string, method: string, parameter?: string): unknown
  numberToString(value: unknown): string | undefined
  close(): Promise<void>

  fetchTime(): Promise<number | undefined>
  createOrder(
    symbol: string,
    type: string,
    side: string,
    amount: string,
    price?: string,
    parameters?: Parameters,
  ): Promise<CcxtOrder | undefined>
  cancelOrder(id: string, symbol: string): Promise<unknown>
  fetchOrder(id: string | undefined, symbol: string, parameters?: Parameters): Promise<CcxtOrder | undefined>
  fetchOpenOrders(symbol?: string): Promise<readonly CcxtOrder[]>
  fetchMyTrades(
    symbol: string | undefined,
    since: number,
    limit: number,
    parameters?: Parameters,
  ): Promise<readonly CcxtTrade[]>
  fetchBalance(): Promise<{ readonly total?: Readonly<Record<string, CcxtNumber>> }>
  fetchPositions(symbols?: readonly string[]): Promise<readonly CcxtPosition[]>
  fetchPositionMode(symbol?: string): Promise<{ readonly hedged?: boolean }>

  watchOrders(symbol?: string): Promise<unknown>
  watchTrades(symbol: string): Promise<unknown>
  watchOrderBook(symbol: string): Promise<unknown>
  watchBidsAsks(symbols: readonly string[]): Promise<unknown>
  watchTicker(symbol: string): Promise<unknown>
}
