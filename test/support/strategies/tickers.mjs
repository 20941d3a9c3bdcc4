// Reads tickers, so that the gateway writes them.
import { defineStrategy } from 'ticktape/runtime'

export default defineStrategy({ id: 'tickers', onTicker() {} })
