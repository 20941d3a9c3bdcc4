import { fork } from 'node:child_process'
import { InvalidOptionError, PackageMissingError } from '../../base/errors.js'
import { packageModule } from '../../native/package-files.js'
import { watchedArguments } from '../../runtime/supervision/end-with-parent.js'
import { SECRET_VARIABLES } from '../../trading/venues/secret-variables.js'
import { LiveFeed, type MarketHandlers } from '../adapter/live-feed.js'
import { BackOff } from '../connection/back-off.js'
import { VenueRequestError } from '../errors.js'
import { ccxtEndpoint } from './ccxt-endpoint.js'
import type { CcxtMarketConfig, CcxtMarketMessage } from './market-messages.js'
import { type CcxtMarketOptions, ccxtVenueName, checkExchange } from './options.js'

/** Live quotes and trades of any exchange that ccxt has streams of. ccxt is loaded in a process of its own. */
export class CcxtFeed extends LiveFeed {
  /** @throws {InvalidOptionError} */
  constructor(options: CcxtMarketOptions) {
    checkExchange(options)
    super({
      venue: ccxtVenueName(options.exchange),
      title: `ccxt:${options.exchange}`,
      endpoint: ccxtEndpoint(options.endpoint).name,
      symbols: options.symbols,
      follow: (symbols, handlers) => follow({ ...options, ...(symbols === undefined ? {} : { symbols }) }, handlers),
    })
  }
}

const NOTHING = (): void => {}

const ERRORS = {
  ERR_PACKAGE_MISSING: PackageMissingError,
  ERR_INVALID_OPTION: InvalidOptionError,
} as const

/** Starts the process, and starts it again when it ends by itself. Returns what ends it. */
function follow(config: CcxtMarketConfig, handlers: MarketHandlers): Promise<() => void> {
  const backOff = new BackOff(1000, 30_000)
  let end = NOTHING
  let timer: NodeJS.Timeout | undefined
  let isClosed = false
  const begin = (onFirst: (error?: Error) => void): void => {
    end = start(config, {
      hear: message => {
        if (message.kind === 'instruments') {
          backOff.reset()
          handlers.onInstruments?.(message.specs)
          onFirst()
        } else if (message.kind === 'events') for (const event of message.events) handlers.onEvent(event)
        else if (message.kind === 'gap') handlers.onGap(message.what)
        else onFirst(errorOf(message))
      },
      ended: why => {
        if (isClosed) return
        onFirst(new VenueRequestError(`the process of market data by ccxt has ended: ${why}`))
        handlers.onGap(`the process of ccxt has ended: ${why}; it is started again`)
        timer = setTimeout(() => begin(error => error !== undefined && handlers.onGap(error.message)), backOff.next())
      },
    })
  }
  const close = (): void => {
    isClosed = true
    clearTimeout(timer)
    end()
  }
  return new Promise((resolve, reject) => {
    begin(error => {
      if (error === undefined) return resolve(close)
      close()
      reject(error)
    })
  })
}

interface Listener {
  readonly hear: (message: CcxtMarketMessage) => void
  readonly ended: (why: string) => void
}

function start(config: CcxtMarketConfig, { hear, ended }: Listener): () => void {
  const child = fork(
    packageModule('exchanges/ccxt/market-process.js', 'A feed by ccxt'),
    watchedArguments(JSON.stringify(config)),
    {
      // Numbers of trades have 64 bits.
      serialization: 'advanced',
      execArgv: [],
      env: Object.fromEntries(Object.entries(process.env).filter(([name]) => !SECRET_VARIABLES.test(name))),
    },
  )
  let isOver = false
  const over = (why: string): void => {
    if (isOver) return
    isOver = true
    ended(why)
  }
  child.on('message', message => {
    if (!isOver) hear(message as CcxtMarketMessage)
  })
  child.on('error', error => over(error.message))
  child.on('exit', (code, signal) => over(signal === null ? `code ${String(code)}` : `signal ${signal}`))
  return () => {
    isOver = true
    child.kill('SIGKILL')
  }
}

function errorOf({ code, message }: { readonly code: string; readonly message: string }): Error {
  if (Object.hasOwn(ERRORS, code)) return new ERRORS[code as keyof typeof ERRORS](message)
  return new VenueRequestError(message)
}
