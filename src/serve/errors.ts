import { TicktapeError } from '../base/errors.js'

/** A request that a server does not answer: `status` is that of HTTP, `code` is in the answer. */
export class RequestError extends TicktapeError {
  readonly status: number
  readonly code: string

  constructor(status: number, code: string, message: string) {
    super(message)
    this.status = status
    this.code = code
  }
}

/** Something in the request is wrong: its message says what there is. */
export function badRequest(message: string): RequestError {
  return new RequestError(400, 'ERR_BAD_REQUEST', message)
}

export function notFound(message: string): RequestError {
  return new RequestError(404, 'ERR_NOT_FOUND', message)
}

/** The server has too much to do: the same request works later. */
export function busy(message: string): RequestError {
  return new RequestError(503, 'ERR_BUSY', message)
}

/** The status of HTTP for the codes of errors that journals and the runtime throw. */
const STATUS_OF: Readonly<Record<string, number>> = {
  ERR_INVALID_OPTION: 400,
  ERR_POSITION: 404,
  ERR_POSITION_GONE: 410,
  ERR_PAGES_GONE: 410,
  ERR_JOURNAL_NOT_FOUND: 404,
  ERR_UNKNOWN_ORDER: 404,
  ERR_COMMAND: 409,
  ERR_GATEWAY_DOWN: 503,
  ERR_WRITER_LOCKED: 503,
}

/** What a client is answered for any error. What is no error of ticktape says nothing of what is inside. */
export function answerOf(error: unknown): { readonly status: number; readonly code: string; readonly message: string } {
  if (error instanceof RequestError) return error
  if (!(error instanceof TicktapeError))
    return { status: 500, code: 'ERR_INTERNAL', message: 'the server could not answer; its log says why' }
  const { code, message } = error
  return { status: STATUS_OF[code] ?? 500, code, message }
}
