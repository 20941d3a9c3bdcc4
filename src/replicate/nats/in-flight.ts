import type { PubAck } from '@nats-io/jetstream'
import { nap } from '../../wait/nap.js'

/** Messages that are on their way at most: enough to fill a network, and few enough that a stop is short. */
const MOST_MESSAGES = 64
const MOST_BYTES = 16 * 1024 * 1024

/** What was sent, and is not known to be stored. */
export type SentRun = Pick<Sent, 'end' | 'bytes' | 'frames'>

interface Sent {
  /** The sequence number that the stream must give it. */
  readonly sequence: number
  /** Where its run begins and ends; the same position twice for other messages. */
  readonly begin: number
  readonly end: number
  readonly bytes: number
  /** Of its run. */
  readonly frames: number
  readonly atMs: number
  isStored: boolean
}

/** The messages that were sent and that the stream has not confirmed, in their order. */
export class InFlight {
  /** The first thing that went wrong since `clear`. */
  failure: unknown = undefined
  private sent: Sent[] = []
  private bytes = 0
  /** Grows with `clear`: answers to messages from before are of no interest. */
  private generation = 0
  private wake: () => void = () => {}

  /** @param onStored is called with the beginning of each run that the stream has, in order. */
  constructor(private readonly onStored: (begin: number) => void) {}

  add(answer: Promise<PubAck>, message: Omit<Sent, 'atMs' | 'isStored'>): void {
    const { generation } = this
    const one: Sent = { ...message, atMs: performance.now(), isStored: false }
    this.sent.push(one)
    this.bytes += one.bytes
    void this.await(answer, one, generation)
  }

  /** Notes that messages may not have arrived. */
  fail(why: unknown): void {
    this.failure ??= why
    this.wake()
  }

  /** Forgets all messages and the failure. Returns what was not confirmed. */
  clear(): readonly SentRun[] {
    const forgotten = this.sent
    this.generation++
    this.sent = []
    this.bytes = 0
    this.failure = undefined
    return forgotten
  }

  /** Slots of runs that are on their way. */
  get slots(): number {
    const [first] = this.sent
    return first === undefined ? 0 : this.sent[this.sent.length - 1].end - first.begin
  }

  /** ms since the oldest message was sent; 0 when there is none. */
  get ageMs(): number {
    const [first] = this.sent
    return first === undefined ? 0 : performance.now() - first.atMs
  }

  /** Resolves when another message may be sent, or something has failed. Gives the event loop a turn, in which answers arrive. */
  async room(): Promise<void> {
    await new Promise(resolve => setImmediate(resolve))
    while (this.failure === undefined && (this.sent.length >= MOST_MESSAGES || this.bytes >= MOST_BYTES))
      await new Promise<void>(resolve => (this.wake = resolve))
  }

  /** Resolves when nothing is on its way, something has failed, or the time is over. */
  async empty(mostMs: number): Promise<void> {
    const end = performance.now() + mostMs
    while (this.failure === undefined && this.sent.length > 0 && performance.now() < end)
      await nap(1, new AbortController().signal)
  }

  private async await(answer: Promise<PubAck>, one: Sent, generation: number): Promise<void> {
    try {
      const { seq } = await answer
      if (generation !== this.generation) return
      if (seq !== one.sequence) throw new Error(`message ${one.sequence} was stored as ${seq}`)
      one.isStored = true
      this.advance()
    } catch (error) {
      if (generation === this.generation) this.fail(error)
    }
  }

  private advance(): void {
    while (this.sent.length > 0 && this.sent[0].isStored) {
      const { begin, end, bytes } = this.sent.shift() as Sent
      this.bytes -= bytes
      // Other messages come after the last run, whose page is still needed: a publisher that begins again compares that run.
      if (end > begin) this.onStored(begin)
    }
    this.wake()
  }
}
