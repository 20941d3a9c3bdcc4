import { StreamBehindError } from '../errors.js'
import type { Stream, StreamMessage } from './stream.js'

const ADVICE = {
  replica: "Begin again with a copy of the source: see 'ticktape help replicate apply'",
  reader: 'Open another reader, under another name, that begins at the start',
} as const

/** How often to search again when the stream's limits remove messages meanwhile. */
const ATTEMPTS = 5

/**
 * The message with which a replica or a reader continues whose last frame ends at `position`; undefined while the stream is empty. It is the
 * last one that begins before that position, as far as there is one: a replica compares its run with what it has, and after it come the
 * descriptions of what follows.
 *
 * @param position undefined for a replica that does not exist yet: it needs the stream's first message.
 * @throws {StreamBehindError} when the stream's limits have removed what the replica needs; {StreamError}.
 */
export async function findPlace(
  stream: Stream,
  position: number | undefined,
  who: 'replica' | 'reader',
): Promise<StreamMessage | undefined> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const { state } = await stream.info()
    if (state.messages === 0) return undefined
    const first = await stream.message(state.first_seq)
    if (first === undefined) continue
    if (position === undefined) {
      if (first.kind === 'journal') return first
      throw new StreamBehindError(
        `stream ${stream.name} begins at position ${first.after}: its limits have removed what came before, so a new replica cannot begin with it. Begin with a copy of the source: see 'ticktape help replicate apply'`,
        first.after,
      )
    }
    if (first.after > position && first.kind !== 'journal')
      throw new StreamBehindError(
        `stream ${stream.name} begins at position ${first.after}, but the ${who} ends at ${position}: the stream's limits have removed what is between. ${ADVICE[who]}`,
        first.after,
        { position },
      )
    const found = await search(stream, first, state.last_seq, position)
    if (found !== undefined) return found
  }
  throw new StreamBehindError(`the limits of stream ${stream.name} remove messages faster than they can be read`, 0)
}

/**
 * The last message after which the replica lacks something: by halving, because positions never decrease. Undefined when a message was
 * removed meanwhile.
 */
async function search(
  stream: Stream,
  first: StreamMessage,
  lastSequence: number,
  position: number,
): Promise<StreamMessage | undefined> {
  // All messages up to `low` come before the position; `high` and later ones do not.
  let [low, high] = [first, lastSequence + 1]
  if (low.after >= position) return low
  while (high - low.sequence > 1) {
    const middle = await stream.message(low.sequence + Math.floor((high - low.sequence) / 2))
    if (middle === undefined) return undefined
    if (middle.after < position) low = middle
    else high = middle.sequence
  }
  return low
}
