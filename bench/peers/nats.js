// NATS: a subject for each direction over loopback.
import { connect as dial } from 'nats'
import { decode, encode } from './message.js'

export async function connect({ role, server }) {
  const connection = await dial({ servers: server })
  const [own, other] = role === 'a' ? ['there', 'back'] : ['back', 'there']
  let sent = 0
  return {
    send(seq) {
      connection.publish(own, encode(seq))
      // The client's buffer has no limit: a flush waits until the server has received it.
      return ++sent % 2000 === 0 ? connection.flush() : true
    },
    listen(onMessage) {
      connection.subscribe(other, {
        callback: (error, message) =>
          onMessage(
            error === null
              ? decode(Buffer.from(message.data.buffer, message.data.byteOffset, message.data.byteLength))
              : Number.NaN,
          ),
      })
      return connection.flush()
    },
    close: () => connection.close(),
  }
}
