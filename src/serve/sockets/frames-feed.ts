import { SLOT_SIZE } from '../../frames/format.js'
import { Handlers } from '../../frames/handlers.js'
import type { FramePointer } from '../../frames/pointer.js'
import { type FrameView, pointerOf } from '../../frames/view.js'
import { frameToJson } from '../../frames/view-text.js'
import { Reader } from '../../journal/read/reader.js'
import { isWanted } from '../reading/frame-pages.js'
import { binaryFrames } from './binary-form.js'
import { type Feed, type Group, type Item, publish, type Reading, type Subscription } from './feed.js'
import { SchemaMessage } from './schema-message.js'
import { BINARY, socketFrame, TEXT } from './socket-frames.js'

/** Frames that live subscriptions get in one message at most, and those that a reading one gets. */
const LIVE_SLICE = 4096
const READ_SLICE = 1024

export type Form = 'json' | 'binary'

/** The frames of one journal, for all who follow it. Its reader has no name, and begins at the journal's end. */
export class FramesFeed implements Feed {
  private readonly reader: Reader
  private readonly groups = new Map<string, FramesGroup>()
  private readonly handlers = new Handlers().otherwise(frame => this.take(frame))
  /** What clients of the binary form need to decode frames. */
  readonly schema: SchemaMessage

  /**
   * @param name the journal's name, in messages.
   * @param number its number on this server, in binary messages.
   */
  constructor(
    readonly name: string,
    readonly path: string,
    readonly number: number,
  ) {
    this.reader = Reader.open(path, { from: 'end' })
    this.schema = new SchemaMessage(name, path, number)
  }

  get position(): number {
    return this.reader.position
  }

  /** The group of those that want the same. */
  group(types: readonly string[] | undefined, form: Form): FramesGroup {
    const key = JSON.stringify([form, types?.toSorted()])
    let group = this.groups.get(key)
    if (group === undefined) {
      group = new FramesGroup(key, this, types === undefined ? undefined : new Set(types), form)
      this.groups.set(key, group)
    }
    return group
  }

  advance(): boolean {
    const from = this.reader.position
    const read = this.reader.poll(this.handlers, LIVE_SLICE)
    for (const group of this.groups.values()) {
      const items = group.collected
      group.collected = []
      publish(group, items, from, this.reader.position)
    }
    return read === LIVE_SLICE
  }

  has(group: Group): boolean {
    return this.groups.get(group.key) === group
  }

  /** Forgets groups that nobody is in. Returns whether there is any other. */
  release(group: Group): boolean {
    if (group.members.size === 0) this.groups.delete(group.key)
    return this.groups.size > 0
  }

  get members(): Subscription[] {
    return [...this.groups.values()].flatMap(group => [...group.members])
  }

  close(): void {
    this.reader.close()
  }

  private take(frame: FrameView): void {
    let text: string | undefined
    for (const group of this.groups.values()) {
      if (group.live.size === 0 || !isWanted(frame, group.types)) continue
      const data = group.form === 'binary' ? bytesOf(frame) : (text ??= JSON.stringify(frameToJson(frame)))
      group.collected.push({ position: frame.position, data })
    }
  }
}

/** Those that follow frames of the same types in the same form. */
export class FramesGroup implements Group {
  readonly members = new Set<Subscription>()
  readonly live = new Set<Subscription>()
  /** What was read for the live ones and not passed on yet. */
  collected: Item[] = []
  constructor(
    readonly key: string,
    private readonly feed: FramesFeed,
    readonly types: ReadonlySet<string> | undefined,
    readonly form: Form,
  ) {}

  encode(items: readonly Item[], next: number): Buffer {
    const { name, number } = this.feed
    if (this.form === 'binary') {
      this.feed.schema.refresh()
      return socketFrame(binaryFrames(number, items, next), BINARY)
    }
    const frames = items.map(({ data }) => data).join()
    return socketFrame(`{"type":"frames","journal":${JSON.stringify(name)},"next":${next},"frames":[${frames}]}`, TEXT)
  }

  prepare(subscription: Subscription): void {
    if (this.form === 'binary') this.feed.schema.prepare(subscription)
  }

  reading(from: number): Reading {
    return new FramesReading(this.feed.path, from, this)
  }
}

/** The frames that one subscription has missed. */
class FramesReading implements Reading {
  private readonly reader: Reader
  private items: Item[] = []
  private readonly handlers = new Handlers().otherwise(frame => {
    if (!isWanted(frame, this.group.types)) return
    const data = this.group.form === 'binary' ? bytesOf(frame) : JSON.stringify(frameToJson(frame))
    this.items.push({ position: frame.position, data })
  })

  constructor(
    path: string,
    from: number,
    private readonly group: FramesGroup,
  ) {
    this.reader = Reader.open(path, { from: { position: from } })
  }

  get position(): number {
    return this.reader.position
  }

  read(): readonly Item[] {
    this.items = []
    this.reader.poll(this.handlers, READ_SLICE)
    return this.items
  }

  close(): void {
    this.reader.close()
  }
}

/** A copy of a frame's bytes. */
function bytesOf(frame: FrameView): Buffer {
  const { u8, at } = pointerOf(frame) as FramePointer
  return Buffer.from(u8.slice(at, at + frame.slots * SLOT_SIZE))
}
