import type { WebSocket } from 'ws'
import type { FaultDraw } from '../../fake/fake-faults.js'
import type { FakeClient } from '../../fake/fake-server.js'
import { type Fields, fieldsIn, isFields } from '../../fields.js'
import { type BinanceCredentials, queryOf } from '../signing.js'
import type { Given } from './binance-orders.js'
import { requestRefusal } from './checks.js'
import { answerOf, type FakeMarketPart } from './fake-market-part.js'
import { BAD_KEY, type Refusal, refusal, TOO_MANY_REQUESTS } from './refusals.js'

/** One socket for requests: `ws-api` of spot or `ws-fapi` and `ws-dapi` of futures. Spot's has the account's messages too. */
export class ApiSession implements FakeClient {
  private isSubscribed = false

  constructor(
    readonly part: FakeMarketPart,
    private readonly draw: FaultDraw,
    private readonly credentials: BinanceCredentials,
    private readonly socket: WebSocket,
  ) {
    socket.on('message', data => this.hear((data as Buffer).toString()))
  }

  /** Sends a message of the account's stream, with the faults of the day. */
  push(event: Fields): void {
    if (!this.isSubscribed) return
    const text = JSON.stringify({ subscriptionId: 0, event })
    this.draw.deliver(() => this.socket.send(text))
  }

  drop(): void {
    this.socket.terminate()
  }

  end(): void {
    this.say({ event: { e: 'serverShutdown', E: Date.now() } })
    this.socket.close(1001)
  }

  private hear(text: string): void {
    const message = fieldsIn(text)
    if (message === undefined) return this.say(answerOf(null, refusal(-1100, 'Malformed request.')))
    const { id, method, params } = message
    const given = givenOf(isFields(params) ? params : {})
    if (!this.part.allows(1)) return this.say({ id, status: 429, error: TOO_MANY_REQUESTS })
    if (method === 'userDataStream.start' && this.part.market !== 'spot')
      return this.say(answerOf(id, given['apiKey'] === this.credentials.key.reveal() ? { listenKey: 'fake' } : BAD_KEY))
    const refused = this.refusalOf(given)
    if (method === 'userDataStream.subscribe.signature') {
      this.isSubscribed = refused === undefined && this.part.market === 'spot'
      return this.say(answerOf(id, refused ?? { subscriptionId: 0 }))
    }
    this.operate(id, String(method), given)
  }

  private operate(id: unknown, method: string, given: Given): void {
    const { draw } = this
    if (draw.happens('loseRequest')) return
    const isDropped = draw.happens('dropSocket')
    if (isDropped && draw.half()) return this.drop()
    // Whether it is in time is looked at when it is acted on.
    const answer = this.refusalOf(given) ?? this.part.act(method, given)
    if (isDropped) return this.drop()
    const text = JSON.stringify(answerOf(id, answer ?? refusal(-1020, 'This operation is not supported.')))
    draw.deliver(() => this.socket.send(text))
  }

  private refusalOf(given: Given): Refusal | undefined {
    const { signature: _, ...signed } = given
    return requestRefusal(this.credentials, given['apiKey'], queryOf(signed as Readonly<Record<string, string>>), given)
  }

  private say(message: Fields): void {
    this.socket.send(JSON.stringify(message))
  }
}

function givenOf(params: Fields): Given {
  return Object.fromEntries(Object.entries(params).map(([name, value]) => [name, String(value)]))
}
