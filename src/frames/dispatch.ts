import { FrameDefinition } from './definition.js'
import type { FrameHandler, Handlers } from './handlers.js'
import type { InstrumentNames } from './instrument-names.js'
import type { PageMemory } from './memory.js'
import type { FramePointer, LaterNames } from './pointer.js'
import { type FrameView, makeReadView } from './view.js'

/** The view and the handler for frames of one type. */
export interface Route {
  readonly view: FrameView
  readonly pointer: FramePointer
  readonly handle: FrameHandler
  /** The number of slots of each frame of the type; `ANY_SLOTS` when the type has no definition. */
  readonly slots: number
}

/** Equal to no frame's number of slots, which is 1 at least. */
const ANY_SLOTS = -1

/** Types below this are found in an array, others in a map. */
const DENSE_TYPES = 1024

/** Where frames come from: a journal with its schema.json, or a ring with its table of types. */
export interface FrameOrigin {
  /** What the numbers in `instrument` fields mean; undefined where nothing says so. */
  readonly instruments?: InstrumentNames
  /** For values that have no name in what `find` returned; undefined where definitions do not change. */
  readonly laterNames?: LaterNames
  /** The definition of a type; undefined where it has none. */
  find(type: number): FrameDefinition | undefined
  /**
   * Checks a handler's definition.
   *
   * @param met whether a frame of its type was read, so that its definition must exist.
   * @throws {SchemaMismatchError} when another definition has its id or name.
   */
  check(definition: FrameDefinition, met: boolean): void
  /** Throws an error: the bytes at a position of a file contradict the format. `what` is the rest of a sentence that begins with the frame. */
  damaged(what: string, position: number, path: string): never
}

/** A set of handlers for one journal or ring: a view for each type, checked against the definitions there. */
export class Dispatch {
  /** The first word of the last frame handled, and its route: most journals hold many frames of a kind. */
  lastWord = 0
  lastRoute: Route | undefined = undefined
  /** By type. */
  readonly routes: (Route | undefined)[] = []
  private readonly others = new Map<number, Route>()
  /** Routes of types without a definition: for frames of one slot, and for larger frames, which have another header. */
  private readonly unknown = [new Map<number, Route>(), new Map<number, Route>()] as const
  private readonly pointers: FramePointer[] = []
  /** The memory that its views read. */
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

  /** The slow path of the lookup: a type that was not read before, or that is not in the array. */
  resolve(type: number, slots: number, position: number): Route {
    const large = slots > 1 ? 1 : 0
    const route =
      this.routes[type] ?? this.others.get(type) ?? this.unknown[large].get(type) ?? this.addRoute(type, large)
    if (route.slots !== slots && route.slots !== ANY_SLOTS) {
      const what = `has type ${type} and ${slots} slots, but that type has ${route.slots}`
      this.origin.damaged(what, position, this.memory.path)
    }
    return route
  }

  /** Points all views at another page. */
  rebind(memory: PageMemory): void {
    this.memory = memory
    for (const pointer of this.pointers) pointer.bind(memory)
  }

  /** Expires all views. */
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
    if (this.origin.instruments !== undefined) pointer.instruments = this.origin.instruments
    if (handle === undefined) pointer.laterNames = this.origin.laterNames
    this.pointers.push(pointer)
    return { view, pointer, handle: handle ?? this.handlers.rest ?? passOver, slots }
  }
}

function passOver(): void {}
