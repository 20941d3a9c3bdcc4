/**
 * Frames that identify themselves: their number, their writer, and whether they are complete. What is read after
 * a crash can be compared with what was written to the last byte.
 */
import { bytes, f64, frame, Reader, u32 } from 'ticktape'

/** 64 bytes. */
export const Small = frame('Small', 1, { n: f64, generation: u32, fill: bytes(36) })
/** 192 bytes: so it is often in two blocks. */
export const Middle = frame('Middle', 2, { n: f64, generation: u32, fill: bytes(140) }, { slots: 3 })
/** More than a block of 4 KiB, so that whole blocks of it can be lost. */
export const Large = frame('Large', 3, { n: f64, generation: u32, fill: bytes(70 * 64 - 64) }, { slots: 70 })
/** Not written before frame 40, so its definition is added to schema.json late. */
export const Late = frame('Late', 4, { n: f64, generation: u32, fill: bytes(20) })

export const DEFINITIONS = [Small, Middle, Large, Late]
const FILLS = new Map(
  DEFINITIONS.map(definition => [definition.id, definition.fields.find(field => field.name === 'fill').size]),
)

/** The definition of frame `n`. */
export function definitionOf(n) {
  if (n % 13 === 7) return Large
  if (n % 3 === 1) return Middle
  return n > 40 && n % 3 === 2 ? Late : Small
}

/** The content repeats after this many frames, so that a writer under full load does not compute it. */
const FILL_PERIOD = 61
const fills = new Map()

function fillOf(n, generation, size) {
  const kind = (generation * FILL_PERIOD + (n % FILL_PERIOD)) * 2 ** 16 + size
  let fill = fills.get(kind)
  if (fill === undefined) fills.set(kind, (fill = makeFill(kind, size)))
  return fill
}

function makeFill(kind, size) {
  const fill = new Uint8Array(size)
  let state = (Math.imul(kind % 2 ** 32, 0x9e3779b1) ^ Math.floor(kind / 2 ** 32)) >>> 0
  for (let i = 0; i < size; i++) {
    state = (state * 1_664_525 + 1_013_904_223) >>> 0
    fill[i] = state >>> 24
  }
  return fill
}

/** Writes frame `n`. Returns its position. */
export function writeNumbered(writer, n, generation = 0) {
  const definition = definitionOf(n)
  return writer.write(definition, { n, generation, fill: fillOf(n, generation, FILLS.get(definition.id)) })
}

/** What a writer adds to instruments.json before its first frame. */
export function instrumentOf(generation) {
  return { number: generation + 1, venue: 'test', symbol: `WRITER-${generation}` }
}

/** @throws {Error} unless the journal has the instrument of each writer whose frames it has. */
export function checkInstruments(directory, frames) {
  const reader = Reader.open(directory)
  try {
    for (const generation of new Set(frames.map(one => one.generation))) {
      const { number, symbol } = instrumentOf(generation)
      if (reader.instrument(number)?.symbol !== symbol)
        throw new Error(
          `${directory} has frames of writer ${generation}, but not the instrument that it added before them`,
        )
    }
  } finally {
    reader.close()
  }
}

/**
 * The number and the writer of a frame that was read.
 *
 * @throws {Error} when its bytes are not those that were written under that number.
 */
export function readNumbered(view) {
  const { n, generation, fill } = view
  const wanted = definitionOf(n).id
  if (view.type !== wanted)
    throw new Error(`frame ${n} at position ${view.position} has type ${view.type}, it was written with ${wanted}`)
  if (Buffer.compare(fill, fillOf(n, generation, fill.length)) !== 0)
    throw new Error(`frame ${n} at position ${view.position} is torn`)
  return { n, generation, position: view.position }
}

/** All frames of a journal, checked one by one, numbered from `first` without a gap. */
export function readAllNumbered(directory, first = 0, { from = 'start', most = Infinity } = {}) {
  const reader = Reader.open(directory, { from })
  try {
    const frames = []
    let time = 0n
    for (const view of reader) {
      if (frames.length === most) break
      const seen = readNumbered(view)
      if (seen.n !== first + frames.length)
        throw new Error(`frame ${seen.n} at position ${seen.position} follows frame ${first + frames.length - 1}`)
      if (view.time < time) throw new Error(`frame ${seen.n} is older than the one before`)
      time = view.time
      frames.push(seen)
    }
    return frames
  } finally {
    reader.close()
  }
}
