// ZeroMQ: a pair of sockets over ipc.
import { Pair } from 'zeromq'
import { decode, encode } from './message.js'

export async function connect({ role, address }) {
  const socket = new Pair({ sendHighWaterMark: 0, receiveHighWaterMark: 0, linger: 0 })
  if (role === 'b') await socket.bind(`ipc://${address}`)
  else socket.connect(`ipc://${address}`)
  return {
    send: seq => socket.send(encode(seq)),
    async listen(onMessage) {
      for await (const [bytes] of socket) onMessage(decode(bytes))
    },
    close: () => socket.close(),
  }
}
