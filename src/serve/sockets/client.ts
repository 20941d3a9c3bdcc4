import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { WebSocket } from 'ws'
import { toJson } from '../http/reply.js'
import { CloseCode } from './close-codes.js'
import { socketFrame, TEXT } from './socket-frames.js'

/** How long a client has to answer a close, ms. */
const CLOSE_MS = 1000

/** A client's socket. What is written to it waits in memory until the system takes it: `unsent` says how much that is. */
export class Client {
  private readonly raw: Socket
  /** What the system had taken at the last check, and when that was last less than now, performance.now(). */
  private taken = 0
  private movedAt = performance.now()
  private messages = 0
  private secondEndsAt = 0
  private isClosing = false

  constructor(
    readonly socket: WebSocket,
    raw: Duplex,
  ) {
    this.raw = raw as Socket
  }

  /** Bytes that were written and not taken by the system yet. */
  get unsent(): number {
    return this.raw.writableLength
  }

  get isOpen(): boolean {
    return !this.isClosing && this.socket.readyState === this.socket.OPEN
  }

  /** Writes a message that `socketFrame` made: beside what `ws` itself writes, which are complete messages too. */
  write(frame: Buffer): void {
    if (this.isOpen) this.raw.write(frame)
  }

  send(value: unknown): void {
    this.write(socketFrame(toJson(value), TEXT))
  }

  /** Counts a message of the client. Returns whether it may send so many. */
  countMessage(perSecond: number): boolean {
    const now = performance.now()
    if (now >= this.secondEndsAt) {
      this.secondEndsAt = now + 1000
      this.messages = 0
    }
    return ++this.messages <= perSecond
  }

  /** Closes it when it has taken nothing of what waits for it for `slowMs`. */
  checkPace(now: number, slowMs: number): void {
    const { unsent } = this
    const taken = this.raw.bytesWritten - unsent
    if (unsent === 0 || taken !== this.taken) {
      this.taken = taken
      this.movedAt = now
    } else if (now - this.movedAt >= slowMs)
      this.close(CloseCode.TOO_SLOW, `nothing was taken for ${slowMs} ms; connect again, from the last position`)
  }

  close(code: number, reason: string): void {
    if (this.isClosing) return
    this.isClosing = true
    this.socket.close(code, reason)
    // A client that takes nothing does not answer either.
    setTimeout(() => this.socket.terminate(), CLOSE_MS).unref()
  }
}
