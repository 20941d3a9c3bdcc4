import { FrameDefinition } from './definition.js'
import type { FrameHandler, Handlers } from './handlers.js'
import type { PageMemory } from './memory.js'
import type { FramePointer } from './pointer.js'
import { type FrameView, makeReadView } from './view.js'

/** Where frames of one type go: their view and their handler. */
export interface Route {
  readonly view: FrameView
  readonly pointer: FramePointer
  readonly handle: FrameHandler
  /** Slots every frame of the type must have, or `ANY_SLOTS` when nothing is known of it. */
  readonly slots: number
}

/** Frames have 1 slot at least, so this equals no frame's. */
const ANY_SLOTS = -1

/** Types below this are found in an array, others in a map. */
const DENSE_TYPES = 1024

/** Where frames come from, as a dispatch sees it: a journal with its schema.json, a ring with its table of types. */
export interface FrameOrigin {
  /** The definition of a type; undefined where it has none. */
  find(type: number): FrameDefinition | undefined
  /**
   * Checks a handler's definition.
   *
   * @param met whether a frame of its type has been met, so that it must be known.
   * @throws {SchemaMismatchError} when there is something else under its id or name.
   */
  check(definition: FrameDefinition, met: boolean): void
  /** Throws what says that the bytes at a position of a file contradict the format. `what` goes on after a name for the frame. */
  damaged(what: string, position: number, path: string): never
}

/** One set of handlers made ready for one journal or ring: a view for each type, checked against what is known there. */
export class Dispatch {
  /** The first word of the last frame handled, and its route: most journals hold many frames of a kind. */
  lastWord = 0
  lastRoute: Route | undefined = undefined
  /** By type. */
  readonly routes: (Route | undefined)[] = []
  private readonly others = new Map<number, Route>()
  /** Of types nothing is known of, by type: for frames of one slot and for larger ones, whose headers differ. */
  private readonly unknown = [new Map<number, Route>(), new Map<number, Route>()] as const
  private readonly pointers: FramePointer[] = []
  /** What its views look at. */
  memory: PageMemory

  constructor(
    readonly handlers: Handlers,
    readonly version: number,
    private readonly origin: FrameOrigin,
    memory: PageMemory,
  ) {
    this.memory = memory
    for (const { definition } of handlers.byType.values()) origin.check(definition, false)
  }

  /** The slow side of the lookup: a type not met before, or not in the array. */
  resolve(type: number, slots: number, position: number): Route {
    const large = slots > 1 ? 1 : 0
    const route =
      this.routes[type] ?? this.others.get(type) ?? this.unknown[large].get(type) ?? this.addRoute(type, large)
    if (route.slots !== slots && route.slots !== ANY_SLOTS) {
      const what = `has type ${type} and ${slots} slots, that type has ${route.slots}`
      this.origin.damaged(what, position, this.memory.path)
    }
    return route
  }

  /** Points all views at another page. */
  rebind(memory: PageMemory): void {
    this.memory = memory
    for (const pointer of this.pointers) pointer.bind(memory)
  }

  /** Ends the life of all views handed out. */
  expire(): void {
    const pointers = this.pointers
    for (let i = 0; i < pointers.length; i++) pointers[i].at = -1
  }

  private addRoute(type: number, large: 0 | 1): Route {
    const handler = this.handlers.byType.get(type)
    if (handler !== undefined) this.origin.check(handler.definition, true)
    const definition = handler?.definition ?? this.origin.find(type)
    if (definition === undefined) return this.unknownRoute(type, large)
    const route = this.makeRoute(definition, definition.slots, handler?.handle)
    if (type < DENSE_TYPES) this.routes[type] = route
    else this.others.set(type, route)
    return route
  }

  private unknownRoute(type: number, large: 0 | 1): Route {
    const route = this.makeRoute(FrameDefinition.create(`type ${type}`, type, [], large + 1), ANY_SLOTS, undefined)
    this.unknown[large].set(type, route)
    return route
  }

  private makeRoute(definition: FrameDefinition, slots: number, handle: FrameHandler | undefined): Route {
    const { view, pointer } = makeReadView(definition)
    pointer.bind(this.memory)
    this.pointers.push(pointer)
    return { view, pointer, handle: handle ?? this.handlers.rest ?? passOver, slots }
  }
}

function passOver(): void {}
