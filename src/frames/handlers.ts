import { InvalidOptionError } from '../base/errors.js'
import { formatValue } from '../base/format-value.js'
import { type Fields, type FrameDefinition, isDefinition } from './definition.js'
import { FrameDefinitionError } from './errors.js'
import type { FrameView } from './view.js'

/**
 * What to do with one kind of frame. The view is valid until the handler returns.
 *
 * @param source which journal it comes from: the index in a merged reader, else 0.
 */
export type FrameHandler<D extends Fields | FrameDefinition = Fields> = (
  frame: FrameView<D>,
  source: number,
) => HandlerResult

/**
 * What a handler may return: anything but a promise, because `poll` does not wait for one. In an async handler the view would be expired
 * after the first `await`. The returned value is ignored.
 */
export type HandlerResult =
  | void
  | undefined
  | null
  | string
  | number
  | bigint
  | boolean
  | symbol
  | (object & { readonly then?: never })

/** @internal */
export interface Handler {
  readonly definition: FrameDefinition
  readonly handle: FrameHandler
}

/** What to do with each kind of frame. May be used with any number of readers. */
export class Handlers {
  /** @internal */
  readonly byType = new Map<number, Handler>()
  /** @internal */
  rest: FrameHandler | undefined = undefined
  /** @internal Counts changes, for readers that have compiled an earlier state. */
  version = 0

  constructor() {
    made.add(this)
  }

  /**
   * Handles frames of this definition.
   *
   * @throws {FrameDefinitionError} when a definition with the same id has a handler already.
   */
  on<F extends Fields>(definition: FrameDefinition<F>, handle: FrameHandler<F>): this {
    if (!isDefinition(definition)) {
      throw new InvalidOptionError(`on() takes a definition made by frame(), not ${formatValue(definition)}`)
    }
    checkFunction('on', handle)
    const other = this.byType.get(definition.id)
    if (other !== undefined) {
      throw new FrameDefinitionError(
        `frames '${other.definition.name}' and '${definition.name}' both have id ${definition.id}; add one handler for that id`,
      )
    }
    this.byType.set(definition.id, { definition, handle: handle as unknown as FrameHandler })
    this.version++
    return this
  }

  /** Handles all other frames, with views made from the journal's schema.json. Without it they are skipped. */
  otherwise(handle: FrameHandler): this {
    checkFunction('otherwise', handle)
    this.rest = handle
    this.version++
    return this
  }
}

const made = new WeakSet<Handlers>()

/** @internal Whether a value is a set of handlers created here, not an object of the same shape. */
export function isHandlers(value: unknown): value is Handlers {
  return typeof value === 'object' && value !== null && made.has(value as Handlers)
}

/** Creates a set of handlers: `on(Ticker, t => ...).on(Order, o => ...).otherwise(f => ...)`. */
export function on<F extends Fields>(definition: FrameDefinition<F>, handle: FrameHandler<F>): Handlers {
  return new Handlers().on(definition, handle)
}

function checkFunction(name: string, handle: unknown): void {
  if (typeof handle !== 'function')
    throw new InvalidOptionError(`${name}() takes a function to call with each frame, not ${formatValue(handle)}`)
  if (Object.prototype.toString.call(handle) === '[object AsyncFunction]') {
    throw new InvalidOptionError(
      `${name}() takes a synchronous function: the frame's view expires at the first await, and the frame counts as read. Use 'for await', or copy frames with toObject() and await elsewhere`,
    )
  }
}
