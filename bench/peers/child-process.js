// child_process: side a forks side b; messages go over the channel that fork() makes.
import { fork } from 'node:child_process'
import { decode, encode, fromObject, toObject } from './message.js'

export const ownsOther = true

export function forkOther(settings) {
  return fork(new URL('./side.js', import.meta.url), [JSON.stringify(settings)], {
    serialization: settings.serialization,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
}

/** @param peer the child on side a, `process` on side b. */
export function connect({ serialization, peer }) {
  const json = serialization === 'json'
  return {
    // False means that much data waits to be written: then wait until this message is written.
    send(seq) {
      let written
      const gone = new Promise(resolve => {
        written = resolve
      })
      return peer.send(json ? toObject(seq) : encode(seq), undefined, undefined, written) ? true : gone
    },
    listen(onMessage) {
      peer.on('message', message => {
        if (message.control === undefined)
          onMessage(
            json ? fromObject(message) : decode(Buffer.from(message.buffer, message.byteOffset, message.byteLength)),
          )
      })
    },
  }
}
