/** `ticktape/trading`: what gateways and strategies say to each other. */

export { BookTop, Order, OrderReport, type OrderReportValues, type OrderValues, type Reason, type Side, Ticker, Trade } from '../trading/frames.js'
