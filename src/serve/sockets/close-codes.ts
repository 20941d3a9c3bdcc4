/** Why a server closes a socket: codes of RFC 6455, and our own from 4400 on, after the status codes of HTTP. */
export const CloseCode = {
  /** The server stops. */
  GOING_AWAY: 1001,
  /** A message is no JSON object, or has what no message has. */
  BAD_MESSAGE: 4400,
  /** It took nothing of what waits for it for too long. */
  TOO_SLOW: 4408,
  /** It sends more messages than it may. */
  TOO_MANY_MESSAGES: 4429,
} as const
