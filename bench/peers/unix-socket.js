// A unix domain socket: one write per message; the receiver splits the stream into messages by their size.
import { createServer, connect as dial } from 'node:net'
import { decode, encode, SIZE } from './message.js'

export async function connect({ role, address }) {
  let onData
  let socket
  const use = made => {
    socket = made
    socket.on('data', chunk => onData?.(chunk))
  }
  if (role === 'b') await listenAt(address, use)
  else use(await reach(address))
  return {
    send: seq => socket.write(encode(seq)),
    drained: () => new Promise(resolve => socket.once('drain', resolve)),
    listen(onMessage) {
      let rest = Buffer.alloc(0)
      onData = chunk => {
        const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
        let at = 0
        for (; at + SIZE <= bytes.length; at += SIZE) onMessage(decode(bytes, at))
        rest = bytes.subarray(at)
      }
    },
  }
}

function listenAt(address, onSocket) {
  return new Promise((resolve, reject) => {
    const server = createServer(onSocket)
    server.on('error', reject)
    server.listen(address, resolve)
  })
}

function reach(address) {
  return new Promise((resolve, reject) => {
    const socket = dial(address, () => resolve(socket))
    socket.once('error', reject)
  })
}
