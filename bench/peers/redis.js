// Redis: a stream for each direction over a unix socket, one XADD per message, some hundred of them pending at a time.
import { createClient, RESP_TYPES } from 'redis'
import { decode, encode } from './message.js'

const IN_FLIGHT = 500

export async function connect({ role, server }) {
  const open = async () => {
    const client = createClient({ socket: { path: server, tls: false } })
    client.on('error', error => {
      if (!closing) throw error
    })
    await client.connect()
    return client.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer })
  }
  let closing = false
  const [own, other] = role === 'a' ? ['there', 'back'] : ['back', 'there']
  const writer = await open()
  const reader = await open()
  let waiting = 0
  return {
    send(seq) {
      waiting++
      const sent = writer
        .xAdd(own, '*', { m: encode(seq) }, { TRIM: { strategy: 'MAXLEN', strategyModifier: '~', threshold: 100_000 } })
        .then(() => waiting--)
      return waiting < IN_FLIGHT ? true : sent
    },
    async listen(onMessage) {
      let id = '0'
      while (!closing) {
        const streams = await reader.xRead({ key: other, id }, { COUNT: 1000, BLOCK: 100 })
        for (const { messages } of streams ?? []) {
          for (const entry of messages) onMessage(decode(entry.message.m ?? entry.message.get?.('m')))
          id = messages[messages.length - 1].id.toString()
        }
      }
    },
    close() {
      closing = true
      writer.destroy()
      reader.destroy()
    },
  }
}
