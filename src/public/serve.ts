/** `ticktape/serve`: a server for browsers and programs of other machines. Needs the package `ws`. */

export type { ServeLimits, ServeOptions } from '../serve/options.js'
export { serve, type TicktapeServer } from '../serve/server/server.js'
export { CloseCode } from '../serve/sockets/close-codes.js'
