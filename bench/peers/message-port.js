// worker_threads: a MessagePort between two threads of one process.
import { decode, encode } from './message.js'

export const threads = true

export function connect({ port }) {
  return {
    send(seq) {
      port.postMessage(encode(seq))
    },
    listen(onMessage) {
      port.on('message', bytes => onMessage(decode(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))))
    },
    close: () => port.close(),
  }
}
