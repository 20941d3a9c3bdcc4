// shared-memory-disruptor: a ring for each direction in POSIX shared memory, through its synchronous calls.
import { createRequire } from 'node:module'
import { decode, SIZE, write } from './message.js'

const { Disruptor } = createRequire(import.meta.url)('shared-memory-disruptor')
const ELEMENTS = 65_536

export function connect({ role, address }) {
  const name = `/${address.replaceAll('/', '-').replace(/^-/, '')}`
  // Side b starts first and creates both.
  const make = (suffix, consumer) => new Disruptor(name + suffix, ELEMENTS, SIZE, 1, consumer, role === 'b', false)
  const [there, back] = [make('-there', role === 'b' ? 0 : -1), make('-back', role === 'a' ? 0 : -1)]
  const [own, other] = role === 'a' ? [there, back] : [back, there]
  return {
    /** Returns false when the ring is full. */
    send(seq) {
      const bytes = own.produceClaimSync()
      if (bytes.length === 0) return false
      write(bytes, 0, seq)
      own.produceCommitSync()
      return true
    },
    drained: () => {},
    poll(onMessage) {
      for (const bytes of other.consumeNewSync()) {
        for (let at = 0; at < bytes.length; at += SIZE) onMessage(decode(bytes, at))
      }
      other.consumeCommit()
    },
    close() {
      for (const disruptor of [there, back]) disruptor.release()
    },
  }
}

/** The files that the package leaves in /dev/shm. */
export function leftovers(address) {
  const name = address.replaceAll('/', '-').replace(/^-/, '')
  return [`/dev/shm/${name}-there`, `/dev/shm/${name}-back`]
}
