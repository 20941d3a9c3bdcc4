import { type FrameHandler, Handlers } from '../frames/handlers.js'

/** One set of handlers that calls those of several, in their order, so that a journal is read once for all of them. */
export function together(...sets: readonly Handlers[]): Handlers {
  const all = new Handlers()
  const definitions = new Map(sets.flatMap(({ byType }) => [...byType].map(([id, { definition }]) => [id, definition])))
  for (const [id, definition] of definitions) {
    const handles = sets.flatMap(({ byType }) => byType.get(id)?.handle ?? [])
    all.on(definition, handles.length === 1 ? handles[0] : inOrder(handles))
  }
  return all
}

function inOrder(handles: readonly FrameHandler[]): FrameHandler {
  return (frame, source) => {
    for (const handle of handles) handle(frame, source)
  }
}
