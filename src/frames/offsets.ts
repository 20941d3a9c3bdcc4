import type { FrameDefinition, Values } from './definition.js'

/** The byte offset of each field from its frame's start, for code that reads frames without their views. */
export function offsetsOf<D extends FrameDefinition<never> | FrameDefinition>(
  definition: D,
): Readonly<Record<keyof Values<D> & string, number>> {
  return Object.fromEntries(definition.fields.map(({ name, offset }) => [name, offset])) as never
}
