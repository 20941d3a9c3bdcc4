/** What the server answers, as far as the pages show it. Numbers of 64 bits and exact decimals are text. */

export interface Index {
  readonly kind: 'home' | 'journal' | 'directory'
  readonly journal: string
}

export interface OrderLine {
  readonly orderId: string
  readonly strategy: string
  readonly epoch: number
  readonly instrument: string
  readonly account: string
  readonly side: 'buy' | 'sell'
  readonly orderType?: string
  readonly timeInForce?: string
  readonly price: number
  readonly stopPrice: number
  readonly quantity: number
  readonly filledQuantity: number
  readonly averagePrice: number
  readonly state: string
  readonly reason: string
  readonly pendingCancel: boolean
  readonly pendingAmend: boolean
  readonly clientOrderId: string
  readonly takenAt: string
  readonly changedAt: string
  readonly position: number
}

export interface FillLine {
  readonly position: number
  readonly time: string
  readonly orderId: string
  readonly strategy: string
  readonly instrument: string
  readonly side: 'buy' | 'sell'
  readonly liquidity: string
  readonly price: number
  readonly quantity: number
  readonly fee: number
  readonly feeCurrency: string
  readonly tradeId: string
}

export interface PositionLine {
  readonly owner: string
  readonly instrument: string
  readonly quantity: string
  readonly averagePrice: string
  readonly realised: string
  readonly unrealised?: string
  readonly price?: number
  readonly currency: string
  readonly fills: number
}

export interface MarketValue {
  readonly symbol: string
  readonly instrument?: number
  readonly bid: number
  readonly ask: number
  readonly bidSize: number
  readonly askSize: number
  readonly last: number
  readonly lastQuantity: number
  readonly lastSide: string
  readonly volume: number
  readonly time: string
  readonly position: number
}

export interface LogEntry {
  readonly position: number
  readonly time: string
  readonly type: string
  readonly text: string
  readonly strategy: string
}

export interface Hop {
  readonly number: number
  readonly after?: number
  readonly since?: number
  readonly journal: string
  readonly position: number
  readonly time: string
  readonly type: string
  readonly text: string
  readonly asked: boolean
  /** Pauses of the process that wrote it, since the hop before: ns. */
  readonly stalls: readonly { readonly kind: string; readonly lasted: number }[]
  readonly frame?: Readonly<Record<string, unknown>>
}

export interface ProfitPoint {
  readonly time: number
  readonly position: number
  readonly profit: Readonly<Record<string, number>>
}

export interface Moment {
  readonly position: number
  readonly time: string
  readonly orders: readonly OrderLine[]
  readonly positions: readonly PositionLine[]
  readonly profit: Readonly<Record<string, number>>
  readonly market: readonly MarketValue[]
  readonly fills: readonly FillLine[]
  readonly log: readonly LogEntry[]
}

export interface Glance {
  readonly time: string
  readonly journals: readonly {
    readonly name: string
    readonly position: number
    readonly pages: number
    readonly bytes: number
    readonly writer: { readonly alive: boolean; readonly pid?: number }
    readonly ageMs?: number
    readonly slotsPerSecond?: number
    readonly rollsWaited: number
    readonly readers: readonly { readonly name: string; readonly alive: boolean; readonly lag: number }[]
  }[]
  readonly processes: readonly {
    readonly name: string
    readonly kind: string
    readonly pid: number
    readonly alive: boolean
    readonly phase: string
    readonly restarts: number
    readonly handled: number
    readonly sent: number
    readonly lag: number
    readonly p50: number
    readonly p99: number
    readonly cpu?: number
    readonly residentBytes?: number
  }[]
  readonly desk?: {
    readonly run: number
    readonly position: number
    readonly framesPerSecond?: number
    readonly trading: { readonly state: string; readonly reason: string }
    readonly orders: { readonly open: number }
    readonly latency: readonly {
      readonly hop: string
      readonly count: number
      readonly p50: number
      readonly p99: number
      readonly longestNs: number
    }[]
    readonly feed: { readonly events: number; readonly eventsPerSecond?: number; readonly ageMs?: number }
    readonly limits: readonly {
      readonly owner: string
      readonly limit: string
      readonly value: number
      readonly used?: number
      readonly share?: number
      readonly of: string
    }[]
    readonly venues: readonly { readonly name: string; readonly account: string; readonly state: string }[]
  }
  readonly space?: { readonly freeBytes: number; readonly totalBytes: number }
  readonly problems: readonly { readonly code: string; readonly message: string }[]
}
