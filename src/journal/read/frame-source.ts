import { thisBoot } from '../../base/boot.js'
import { loadWord as importedLoadWord } from '../../base/load-word.js'
import type { Dispatch, Route } from '../../frames/dispatch.js'
import { CorruptJournalError } from '../../frames/errors.js'
import { Page as P, SLOT_SHIFT } from '../../frames/format.js'
import type { Directory } from '../../native/addon.js'
import { letWriterAdvance } from '../../wait/pause.js'
import { JournalReplacedError } from '../errors.js'
import { pageFileName } from '../files/page-names.js'
import { type MappedPage, Word } from '../pages/page.js'
import { NextPage } from './next-page.js'

// Copies, because imported names are loaded from their module's cell at each use; these compile to constants.
const HEADER_SIZE = P.HEADER_SIZE
const SHIFT = SLOT_SHIFT
const loadWord = importedLoadWord
/** More slots than a page can have. A small integer, as all slots are: with Infinity V8 would deoptimise once per page. */
const NEVER = 2 ** 30
const SEALED = Word.SEALED
/** How often a waiting reader checks that its page's path still names the mapped file, in ms. */
const CHECK_IDENTITY_MS = 1000
/**
 * Unsuccessful checks of the cursor before a full check of the page, at most: whether its file was truncated is a call into the addon. A
 * reader that checks seldom has fewer, down to 1: see `adapt`.
 */
const MOST_EMPTY_CHECKS = 256
/** There is a full check at least this often, in ms, as long as the reader checks at all. */
const FULL_CHECK_MS = 500

/**
 * Reads a journal forward, frame by frame and page by page: the reader's part of the protocol.
 *
 * Every byte is checked before it is used. Bytes that contradict the format end in CorruptJournalError, and the position does not move.
 */
export class FrameSource {
  page: MappedPage
  /** The slot to read next. */
  slot: number
  /** Whether a handler is running. */
  polling = false
  /** Grows with each seek and with close, so that a loop over frames notices when its handler did one of them. */
  generation = 0

  private capacity: number
  /** Unsuccessful checks of the cursor since the last full check of the page. */
  private emptyChecks = 0
  private mostEmptyChecks = 1
  private fullCheckAt = 0
  private u32: Uint32Array
  private i32: Int32Array
  /** The index of the word that limits reading: the cursor or the durable cursor. */
  private commitWord: number
  private checkIdentityAt = performance.now() + CHECK_IDENTITY_MS
  private readonly nextPage: NextPage
  /** The next page is mapped ahead once this slot has been read. */
  private aheadFrom: number
  private readonly dispatches = new Set<Dispatch>()

  constructor(
    private readonly directory: Directory,
    start: { readonly page: MappedPage; readonly slot: number },
    /** Read frames only once they are durable. */
    private readonly durableOnly: boolean,
  ) {
    this.page = start.page
    this.slot = start.slot
    this.u32 = start.page.memory.u32
    this.i32 = start.page.memory.i32
    this.capacity = start.page.capacity
    this.aheadFrom = start.page.capacity >> 1
    this.commitWord = this.commitWordOf(start.page)
    this.nextPage = new NextPage(directory)
  }

  /** Moves a dispatch's views from page to page from now on. */
  addDispatch(dispatch: Dispatch): void {
    this.dispatches.add(dispatch)
  }

  removeDispatch(dispatch: Dispatch): void {
    this.dispatches.delete(dispatch)
  }

  /**
   * Handles the frames that exist on the current page, up to `limit`. Returns how many.
   * A frame counts as read before its handler runs. An error of the handler is thrown to the caller, and the next call continues after
   * that frame.
   *
   * This is one long function on purpose: V8 does not inline a function of this length into its caller, so its whole inlining budget goes
   * to the handler and to the getters of its fields; see docs/decisions/0011-hot-path.md. Everything that does not depend on the cursor
   * is done before the cursor is loaded.
   *
   * @param letAdvance let the writer advance between finding frames and reading them.
   */
  poll(dispatch: Dispatch, limit: number, letAdvance: boolean): number {
    const { generation } = this
    let { slot, u32 } = this
    // Frames of one type often follow each other and begin with the same word, so the word is decoded only when it changes. It is kept from
    // poll to poll: then the processor predicts the route and runs the handler while the frame is still on its way from the other core.
    let known = dispatch.lastWord
    let route = dispatch.lastRoute
    let slots = (known >>> 16) & 0xff
    let end = loadWord(this.i32, this.commitWord)
    if (end <= slot || end > this.capacity) {
      // As in `available`.
      if (end === slot && this.i32[SEALED] === 0 && ++this.emptyChecks < this.mostEmptyChecks) return 0
      end = this.refresh()
      slot = this.slot
      u32 = this.u32
      if (end === slot) return 0
    }
    if (letAdvance) letWriterAdvance()
    let count = 0
    this.polling = true
    try {
      while (count < limit && slot < end) {
        const at = HEADER_SIZE + (slot << SHIFT)
        const word = u32[at >> 2] | 0
        if (word !== known || route === undefined || slot + slots > end) {
          const type = word & 0xffff
          slots = (word >>> 16) & 0xff
          if (type === 0) throw this.damaged(slot, 'has no type')
          if (slots === 0) throw this.damaged(slot, 'has no slots')
          if (slot + slots > end) throw this.damaged(slot, `ends at slot ${slot + slots}, after the cursor (${end})`)
          route = dispatch.routes[type]
          if (route === undefined || route.slots !== slots)
            route = dispatch.resolve(type, slots, this.page.firstPosition + slot)
          known = word
          dispatch.lastWord = word
          dispatch.lastRoute = route
        }
        slot += slots
        this.slot = slot
        count++
        route.pointer.at = at
        route.handle(route.view, 0)
        if (this.generation !== generation) return count
      }
      if (slot >= this.aheadFrom) this.mapAhead()
      return count
    } finally {
      this.polling = false
      dispatch.expire()
    }
  }

  /** Advances by one frame and returns its route, with its view pointing at the frame; undefined when there is none. */
  step(dispatch: Dispatch): Route | undefined {
    const end = this.available()
    const slot = this.slot
    if (slot >= end) return undefined
    const at = HEADER_SIZE + (slot << SHIFT)
    const word = this.u32[at >> 2]
    const type = word & 0xffff
    const slots = (word >>> 16) & 0xff
    if (type === 0) throw this.damaged(slot, 'has no type')
    if (slots === 0) throw this.damaged(slot, 'has no slots')
    if (slot + slots > end) throw this.damaged(slot, `ends at slot ${slot + slots}, after the cursor (${end})`)
    const route = dispatch.resolve(type, slots, this.page.firstPosition + slot)
    this.slot = slot + slots
    route.pointer.at = at
    if (this.slot >= this.aheadFrom) this.mapAhead()
    return route
  }

  /** Advances over frames that exist now on one page, of at most `most` slots together, but over one frame at least. Returns their slots. */
  take(most: number): number {
    const end = this.available()
    const first = this.slot
    let slot = first
    while (slot < end) {
      const word = this.u32[(HEADER_SIZE + (slot << SHIFT)) >> 2]
      const slots = (word >>> 16) & 0xff
      if ((word & 0xffff) === 0) throw this.damaged(slot, 'has no type')
      if (slots === 0) throw this.damaged(slot, 'has no slots')
      if (slot + slots > end) throw this.damaged(slot, `ends at slot ${slot + slots}, after the cursor (${end})`)
      if (slot > first && slot + slots - first > most) break
      slot += slots
    }
    this.slot = slot
    if (slot >= this.aheadFrom) this.mapAhead()
    return slot - first
  }

  /** The slot up to which frames can be read now on the current page. Continues on the next page if there are more frames. */
  available(): number {
    const end = loadWord(this.i32, this.commitWord)
    const slot = this.slot
    if (end > slot && end <= this.capacity) return end
    // Nothing new: the most common case for a spinning reader. If the page ends here, its seal is set first.
    // This plain load may see the seal late. `refresh`, which loads it atomically, runs at the next check or soon after.
    if (end === slot && this.i32[SEALED] === 0 && ++this.emptyChecks < this.mostEmptyChecks) return slot
    return this.refresh()
  }

  /** As `available`, of a reader that is about to sleep: always a full check, because it comes seldom. */
  availableBeforeSleep(): number {
    this.emptyChecks = MOST_EMPTY_CHECKS
    return this.available()
  }

  /** The high word of the next frame's time; valid while `available() > slot`. */
  timeHigh(): number {
    return this.u32[((HEADER_SIZE + (this.slot << SHIFT)) >> 2) + 3]
  }

  /** The low word of the next frame's time. */
  timeLow(): number {
    return this.u32[((HEADER_SIZE + (this.slot << SHIFT)) >> 2) + 2]
  }

  /** The position of the next frame. */
  get position(): number {
    const { page, slot } = this
    // At a sealed page's end the next frame is the first of the next page. (The raw cursor: an error for a damaged one must not stop `close`.)
    // The plain load comes first, because this is asked for each frame of a named reader; it may see the seal late, as every reader may.
    if (this.i32[SEALED] !== 0 && page.sealed && slot === loadWord(this.i32, Word.CURSOR))
      return page.firstPosition + page.capacity
    return page.firstPosition + slot
  }

  /** Continues at another position. */
  moveTo(start: { readonly page: MappedPage; readonly slot: number }): void {
    this.generation++
    this.attach(start.page, start.slot)
  }

  close(): void {
    this.generation++
    for (const dispatch of this.dispatches) dispatch.expire()
    this.dispatches.clear()
    this.page.mapping.close()
    this.nextPage.close()
  }

  /** The slow part of `available`: there is nothing more on this page, or its cursor is invalid. */
  private refresh(): number {
    this.emptyChecks = 0
    for (;;) {
      const { page } = this
      if (page.mapping.damaged) {
        throw new CorruptJournalError(`${page.path} was truncated while it was being read`, {
          path: page.path,
          page: page.number,
          position: page.firstPosition + this.slot,
        })
      }
      const sealed = page.sealed
      // Loaded after the seal: the cursor of a sealed page does not move any more.
      const cursor = page.cursor
      const byDurable = this.commitWord === Word.DURABLE
      const end = byDurable ? Math.min(page.durable, cursor) : cursor
      if (end > this.slot) return end
      if (cursor < this.slot && !byDurable) {
        const { path, number, firstPosition } = page
        throw new CorruptJournalError(
          `the cursor of ${path} went back to slot ${cursor}, frames up to slot ${this.slot} have been read`,
          {
            path,
            page: number,
            slot: cursor,
            position: firstPosition + this.slot,
          },
        )
      }
      if (!sealed) this.checkIdentity()
      if (!sealed || this.slot < cursor) return this.slot
      this.attach(this.nextPage.openAfter(page), 0)
    }
  }

  /**
   * On a page from another boot of the machine, frames above the durable cursor may be damaged; the next writer's recovery may drop them.
   * So they are not read before that. (Frames without a CRC have only the cursor.)
   */
  private commitWordOf(page: MappedPage): number {
    const inDoubt = page.checked && page.identity.bootId !== thisBoot()
    return this.durableOnly || inDoubt ? Word.DURABLE : Word.CURSOR
  }

  /** If the file at the path is not the mapped page, no more frames can arrive on it: the journal was removed or replaced. */
  private checkIdentity(): void {
    const now = performance.now()
    this.adapt(now)
    if (now < this.checkIdentityAt) return
    this.checkIdentityAt = now + CHECK_IDENTITY_MS
    const { directory, page } = this
    const { path } = page
    const position = page.firstPosition + this.slot
    if (!directory.isAtPath() || !directory.holds(pageFileName(page.number), page.mapping)) {
      throw new JournalReplacedError(
        `${path} is no longer the file that is being read: the journal was removed, moved or created again, or recovery removed the page after power loss; open another reader`,
        { path, position },
      )
    }
    // On overlayfs a file of a lower layer is copied when a process opens it for writing. Processes that have it mapped keep the old file.
    if (directory.isAheadOf(pageFileName(page.number), page.mapping)) {
      throw new JournalReplacedError(
        `${path} has frames that do not appear in the memory mapped from it: its file system has replaced it with a copy, as overlayfs does when a writer opens a journal after a reader; open another reader`,
        { path, position },
      )
    }
  }

  /** A reader that spins makes 256 checks in some µs; one that checks now and then may take seconds for a few. */
  private adapt(now: number): void {
    const isSeldom = now - this.fullCheckAt > FULL_CHECK_MS
    this.fullCheckAt = now
    this.mostEmptyChecks = isSeldom
      ? Math.max(1, this.mostEmptyChecks >> 2)
      : Math.min(MOST_EMPTY_CHECKS, this.mostEmptyChecks * 2)
  }

  private attach(page: MappedPage, slot: number): void {
    const last = this.page
    this.page = page
    this.slot = slot
    this.u32 = page.memory.u32
    this.i32 = page.memory.i32
    this.capacity = page.capacity
    this.commitWord = this.commitWordOf(page)
    this.aheadFrom = page.capacity >> 1
    for (const dispatch of this.dispatches) {
      dispatch.expire()
      dispatch.rebind(page.memory)
    }
    if (last === page) return
    this.nextPage.discard()
    this.nextPage.unmap(last)
  }

  private mapAhead(): void {
    this.aheadFrom = NEVER
    this.nextPage.mapAhead(this.page.number + 1)
  }

  private damaged(slot: number, how: string): CorruptJournalError {
    const { path, number, firstPosition } = this.page
    return new CorruptJournalError(
      `the frame at slot ${slot} of ${path} ${how}; run 'ticktape verify' on its journal`,
      {
        path,
        page: number,
        slot,
        position: firstPosition + slot,
      },
    )
  }
}
