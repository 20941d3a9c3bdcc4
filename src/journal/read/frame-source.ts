import { thisBoot } from '../../base/boot.js'
import type { Dispatch, Route } from '../../frames/dispatch.js'
import { CorruptJournalError } from '../../frames/errors.js'
import { Page as P, SLOT_SHIFT } from '../../frames/format.js'
import type { Directory, PageWorker } from '../../native/addon.js'
import { fallBehind } from '../../wait/pause.js'
import { JournalNotFoundError, JournalReplacedError, PositionGoneError } from '../errors.js'
import { listDirectory, pagePath } from '../files/directory.js'
import { pageFileName } from '../files/page-names.js'
import { asPage, type MappedPage, openPage, Word } from '../pages/page.js'
import { borrowPageWorker, returnPageWorker } from '../pages/shared-page-worker.js'

// Copies, because imported names are loaded from their module's cell at each use; these compile to constants.
const HEADER_SIZE = P.HEADER_SIZE
const SHIFT = SLOT_SHIFT
/** More slots than a page can have. A small integer as all slots are: with Infinity V8 would go back to the interpreter once a page. */
const NEVER = 2 ** 30
const SEALED = Word.SEALED
/** How often a reader that waits makes sure that its page is still the journal's, in ms. */
const CHECK_PLACE_MS = 1000
/** Looks in vain before the page is looked at closely: whether its file was cut short is a call into the addon. */
const LOOKS_UNCHECKED = 256

/**
 * A place in a journal that goes forward, frame by frame and page by page: the reading half of the protocol.
 *
 * Every byte it acts on is checked first; bytes that contradict the format end in CorruptJournalError, with the place kept.
 */
export class FrameSource {
  page: MappedPage
  /** The slot to read next. */
  slot: number
  /** Whether a handler is running. */
  polling = false
  /** Grows when the place is changed from outside, so that a loop over frames notices that its handler did so. */
  generation = 0

  private capacity: number
  /** Looks that found nothing since the page was last looked at closely. */
  private looks = 0
  private u32: Uint32Array
  private i32: Int32Array
  /** The word that says how far frames can be read: the cursor or the durable one. */
  private commitWord: number
  private checkPlaceAt = 0
  private readonly worker: PageWorker
  private ahead: number | undefined = undefined
  /** The slot from which on the next page is mapped ahead. */
  private aheadFrom: number
  private readonly dispatches = new Set<Dispatch>()

  constructor(
    private readonly directory: Directory,
    place: { readonly page: MappedPage; readonly slot: number },
    /** Frames count once they are durable, not once they are published. */
    private readonly durableOnly: boolean,
  ) {
    this.page = place.page
    this.slot = place.slot
    this.u32 = place.page.memory.u32
    this.i32 = place.page.memory.i32
    this.capacity = place.page.capacity
    this.aheadFrom = place.page.capacity >> 1
    this.commitWord = this.commitWordOf(place.page)
    this.worker = borrowPageWorker()
  }

  /** Has a dispatch's views follow from page to page. */
  attach(dispatch: Dispatch): void {
    this.dispatches.add(dispatch)
  }

  detach(dispatch: Dispatch): void {
    this.dispatches.delete(dispatch)
  }

  /**
   * Handles the frames there are on the page it is on, up to `limit`. Returns how many.
   * A frame counts as read before its handler runs: what the handler throws comes out of here, and the next call goes on after it.
   *
   * All of it is one function on purpose: V8 puts no function of this length into its caller, so all that it spends on inlining goes to
   * the handler and to the getters of its fields; see docs/decisions/0011-hot-path.md. What does not depend on the look comes before it.
   *
   * @param behind rest between finding frames and reading them.
   */
  poll(dispatch: Dispatch, limit: number, behind: boolean): number {
    const { generation } = this
    let { slot, u32 } = this
    // Frames of one kind follow each other, and begin with the same word: it is taken apart only when it changes. Also from poll to poll:
    // the processor then takes the route for granted, and runs the handler while the frame is still on its way from the other core.
    let known = dispatch.lastWord
    let route = dispatch.lastRoute
    let slots = (known >>> 16) & 0xff
    let end = Atomics.load(this.i32, this.commitWord)
    if (end <= slot || end > this.capacity) {
      // As in `available`.
      if (end === slot && this.i32[SEALED] === 0 && ++this.looks < LOOKS_UNCHECKED) return 0
      end = this.turn()
      slot = this.slot
      u32 = this.u32
      if (end === slot) return 0
    }
    if (behind) fallBehind()
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

  /** Moves on by one frame and returns its route, its view pointing at it; undefined when there is none. */
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

  /** The slot up to which frames can be read now, on the page that `slot` is on: goes on to the next page when there are more. */
  available(): number {
    const end = Atomics.load(this.i32, this.commitWord)
    const slot = this.slot
    if (end > slot && end <= this.capacity) return end
    // Nothing new, as a spinning reader finds most often. A page that ends here says so first by its seal.
    // It may be seen late here: `turn`, which looks for it properly, comes at the next look or soon after.
    if (end === slot && this.i32[SEALED] === 0 && ++this.looks < LOOKS_UNCHECKED) return slot
    return this.turn()
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
    // At a sealed page's end the next frame is the next page's first. (The cursor as it is: a damaged one must not keep `close` from closing.)
    if (page.sealed && slot === Atomics.load(this.i32, Word.CURSOR)) return page.firstPosition + page.capacity
    return page.firstPosition + slot
  }

  /** Goes on somewhere else. */
  moveTo(place: { readonly page: MappedPage; readonly slot: number }): void {
    this.generation++
    this.enter(place.page, place.slot)
  }

  close(): void {
    this.generation++
    for (const dispatch of this.dispatches) dispatch.expire()
    this.dispatches.clear()
    this.dropAhead()
    this.page.mapping.close()
    returnPageWorker()
  }

  /** The slow side of `available`: nothing more on this page, or its cursor cannot be right. */
  private turn(): number {
    this.looks = 0
    for (;;) {
      const { page } = this
      if (page.mapping.damaged) {
        throw new CorruptJournalError(`${page.path} was cut short while it was being read`, {
          path: page.path,
          page: page.number,
          position: page.firstPosition + this.slot,
        })
      }
      const sealed = page.sealed
      // Read after the seal: a sealed page's cursor doesn't move any more.
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
      if (!sealed) this.checkPlace()
      if (!sealed || this.slot < cursor) return this.slot
      this.goOn()
    }
  }

  /**
   * Frames above the durable cursor of a page from another boot of the machine are what its next writer may find damaged and drop: they
   * are no frames until it has looked. (Where frames have no CRC the cursor is all there is.)
   */
  private commitWordOf(page: MappedPage): number {
    const inDoubt = page.checked && page.identity.bootId !== thisBoot()
    return this.durableOnly || inDoubt ? Word.DURABLE : Word.CURSOR
  }

  /** Nothing comes any more on a page that was removed while frames were still to come: the journal was, or is another one now. */
  private checkPlace(): void {
    const now = performance.now()
    if (now < this.checkPlaceAt) return
    this.checkPlaceAt = now + CHECK_PLACE_MS
    const { directory, page } = this
    const { path } = page
    const position = page.firstPosition + this.slot
    if (!directory.inPlace() || !this.isInPlace(page)) {
      throw new JournalReplacedError(
        `${path} is not the file any more that is being read: the journal was removed, moved, made anew, or cut after power loss; open another reader`,
        { path, position },
      )
    }
    // On overlayfs a file of a lower layer is copied when somebody opens it to write, and who has it mapped keeps the old one.
    if (directory.isAheadOf(pageFileName(page.number), page.mapping)) {
      throw new JournalReplacedError(
        `${path} has frames that do not appear in the memory mapped from it: its file system has put a copy in its place, as overlayfs does when a writer comes later than a reader; open another reader`,
        { path, position },
      )
    }
  }

  /** Whether a page's name is still the file that is mapped. */
  private isInPlace(page: MappedPage): boolean {
    return this.directory.holds(pageFileName(page.number), page.mapping)
  }

  /** Goes to the page after a sealed one: it is there, for it was in place before the seal. */
  private goOn(): void {
    const number = this.page.number + 1
    const page = this.takeAhead(number) ?? this.openNext(number)
    if (page.capacity === this.page.capacity) return this.enter(page, 0)
    page.mapping.close()
    throw new CorruptJournalError(
      `${page.path} has another size than the page before it; run 'ticktape verify' on its journal`,
      {
        path: page.path,
        page: number,
        position: page.firstPosition,
      },
    )
  }

  private openNext(number: number): MappedPage {
    try {
      return openPage(this.directory, number, false)
    } catch (error) {
      if (error instanceof JournalNotFoundError) throw this.gone(number)
      throw error
    }
  }

  private gone(number: number): Error {
    const position = this.page.firstPosition + this.page.capacity
    if (!this.directory.inPlace()) {
      return new JournalReplacedError(
        `the journal ${this.directory.path} was removed, moved or made anew while it was being read; what it had after position ${position} cannot be found any more. Open another reader`,
        { path: this.directory.path, position },
      )
    }
    const first = listDirectory(this.directory).pages.find(page => page > number)
    const path = pagePath(this.directory, number)
    if (first === undefined) {
      return new CorruptJournalError(
        `${path} is missing, though the page before it is sealed; run 'ticktape verify' on its journal`,
        { path, page: number, position },
      )
    }
    const firstPosition = first * this.page.capacity
    return new PositionGoneError(
      `position ${position} of ${this.directory.path} was removed by retention; the first that is still there is ${firstPosition}: seek to it`,
      firstPosition,
      { path: this.directory.path, position },
    )
  }

  private enter(page: MappedPage, slot: number): void {
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
    this.dropAhead()
    this.worker.dispose(last.mapping)
  }

  private mapAhead(): void {
    this.aheadFrom = NEVER
    this.ahead = this.worker.open(this.directory, pageFileName(this.page.number + 1))
  }

  private takeAhead(number: number): MappedPage | undefined {
    const ticket = this.ahead
    if (ticket === undefined) return undefined
    this.ahead = undefined
    const path = pagePath(this.directory, number)
    let page: MappedPage | undefined
    try {
      page = asPage(this.worker.wait(ticket), path, number)
      // One with frames is the page, even when retention removed its name since. An empty one was made ahead, and is made anew when
      // its writer is replaced before it got there: only the one in place now counts.
      if (page.cursor > 0 || this.isInPlace(page)) return page
    } catch {
      // It wasn't there yet, or not whole: opening it now says what is wrong, if anything is.
    }
    page?.mapping.close()
    return undefined
  }

  private dropAhead(): void {
    if (this.ahead !== undefined) this.worker.abandon(this.ahead)
    this.ahead = undefined
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
