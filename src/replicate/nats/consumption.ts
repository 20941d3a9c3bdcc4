import type { ConsumerMessages, JsMsg } from '@nats-io/jetstream'
import type { NatsPackages } from './packages.js'
import type { Stream } from './stream.js'

/** Messages that the server sends ahead. */
const AHEAD_MESSAGES = 64
/** ms between signs of life of the server, of which two may be missing. */
const HEARTBEAT_MS = 1000
/** ms after which the event loop gets a turn while there is always a next message. */
const SLICE_MS = 5

/** Gets the messages of a stream, one after the other. */
export class Consumption {
  private messages: ConsumerMessages | undefined = undefined
  /** Grows when the messages that are asked for now would not come. */
  private interruptions = 0

  constructor(
    private readonly nats: NatsPackages,
    private readonly stream: Stream,
  ) {}

  /** Ends what `from` yields: the connection was lost, or nobody wants more messages. */
  interrupt(): void {
    this.interruptions++
    this.messages?.stop()
  }

  /**
   * The messages from a sequence number on. Ends when one is missing, because the limits have removed it or the server has lost it, and when
   * it is interrupted: then the place is to be searched again.
   */
  async *from(sequence: number): AsyncGenerator<JsMsg, void, undefined> {
    const { interruptions } = this
    const { name, client } = this.stream
    const consumer = await client.consumers.get(name, {
      deliver_policy: this.nats.jetstream.DeliverPolicy.StartSequence,
      opt_start_seq: sequence,
    })
    const messages = await consumer.consume({ max_messages: AHEAD_MESSAGES, idle_heartbeat: HEARTBEAT_MS })
    this.messages = messages
    try {
      // While the server was asked, nothing was there to be stopped.
      if (this.interruptions !== interruptions) messages.stop()
      let next = sequence
      let sliceEnd = performance.now() + SLICE_MS
      for await (const message of messages) {
        if (this.interruptions !== interruptions || message.seq !== next) return
        yield message
        next++
        if (performance.now() < sliceEnd) continue
        await new Promise(resolve => setImmediate(resolve))
        sliceEnd = performance.now() + SLICE_MS
      }
    } finally {
      this.messages = undefined
      await messages.close()
    }
  }
}
