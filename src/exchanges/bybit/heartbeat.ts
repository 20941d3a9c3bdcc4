export const PING = '{"op":"ping"}'

/** Longer than any answer to a ping. */
const LONGEST = 300

/** Whether a message is the answer to a ping. Each kind of socket has another one. */
export function isPong(text: string): boolean {
  return text.length < LONGEST && /"(op|ret_msg)"\s*:\s*"pong"/.test(text)
}
