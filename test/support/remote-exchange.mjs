// A venue in a process of its own, as a live one: its exchange is elsewhere, at the other end of a socket (exchange-server.ts),
// and lives on when this process is killed.
import { connect } from 'node:net'
import { VenueEvent } from 'ticktape/trading'
import { INSTRUMENTS } from './campaign-market.mjs'

const FIELDS = [
  'kind',
  'idHigh',
  'idLow',
  'request',
  'instrument',
  'account',
  'side',
  'ticks',
  'steps',
  'filledSteps',
  'maker',
  'fee',
  'feeCurrency',
  'tradeId',
  'venueOrderId',
  'venueTime',
  'reason',
]

class RemoteExchange {
  name = 'sim'
  accounts = ['main']
  canAmend = true
  deterministic = false
  instruments = INSTRUMENTS
  report = () => {}
  socket = undefined
  waiting = ''
  isClosed = false

  start(report) {
    this.report = report
    this.open()
  }

  open() {
    const socket = connect(process.env.EXCHANGE_SOCKET)
    socket.setEncoding('utf8')
    socket.on('connect', () => {
      this.socket = socket
      this.send(['hello', process.pid])
    })
    let rest = ''
    socket.on('data', text => {
      const lines = (rest + text).split('\n')
      rest = lines.pop()
      for (const line of lines) this.hear(JSON.parse(line))
    })
    socket.on('error', () => {})
    socket.on('close', () => {
      if (this.socket === socket) this.hear(['disconnected'])
      this.socket = undefined
      if (!this.isClosed) setTimeout(() => this.open(), 20)
    })
  }

  hear(values) {
    const event = new VenueEvent()
    values.forEach((value, i) => {
      if (value !== null) event[FIELDS[i]] = value
    })
    this.report(event)
  }

  /** What is sent in one turn of the event loop leaves together. What has no connection is lost. */
  send(message) {
    if (this.socket === undefined) return
    if (this.waiting === '') setImmediate(() => this.flush())
    this.waiting += `${JSON.stringify(message)}\n`
  }

  flush() {
    this.socket?.write(this.waiting)
    this.waiting = ''
  }

  submit(
    {
      idHigh,
      idLow,
      instrument,
      account,
      side,
      type,
      timeInForce,
      ticks,
      steps,
      stopTicks,
      expireAt,
      postOnly,
      reduceOnly,
      deadline,
    },
    now,
  ) {
    const terms = {
      idHigh,
      idLow,
      account,
      side,
      type,
      timeInForce,
      ticks,
      steps,
      stopTicks,
      expireAt,
      postOnly,
      reduceOnly,
      deadline,
    }
    this.send(['submit', now, instrument.number, instrument.symbol, terms])
  }

  amend(...request) {
    this.send(['amend', request.at(-1), ...request])
  }

  cancel(...request) {
    this.send(['cancel', request.at(-1), ...request])
  }

  reconcile(account, now) {
    this.send(['reconcile', now, account])
  }

  query(...request) {
    this.send(['query', request.at(-1), ...request])
  }

  quote(instrument, bidTicks, bidSteps, askTicks, askSteps, now) {
    this.send(['quote', now, instrument.number, instrument.symbol, bidTicks, bidSteps, askTicks, askSteps])
  }

  trade(instrument, side, ticks, steps, now) {
    this.send(['trade', now, instrument.number, instrument.symbol, side, ticks, steps])
  }

  close() {
    this.isClosed = true
    this.socket?.destroy()
  }
}

export default () => new RemoteExchange()
