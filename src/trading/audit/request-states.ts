/** Requests whose answers are counted in another way. */
export type RequestKind = 'one' | 'all' | 'pair'

const KINDS: readonly RequestKind[] = ['one', 'all', 'pair']

/** What became of one request. */
export interface RequestState {
  readonly kind: RequestKind
  readonly strategy: number
  /** Whether it has an intent: it was not refused. */
  readonly passedOn: boolean
  /** 15 for as many and more. */
  readonly answers: number
}

/**
 * The state of each request, by the position of its copy in the sequence: four bytes for every two slots, so that a sequence may have many
 * millions of them. A request is a frame of two slots or more.
 */
export class RequestStates {
  private readonly blocks: (Uint32Array | undefined)[] = []

  begin(position: number, kind: RequestKind, strategy: number): void {
    const index = Math.floor(position / 2)
    const block = (this.blocks[Math.floor(index / BLOCK)] ??= new Uint32Array(BLOCK))
    block[index % BLOCK] = IS_THERE | (KINDS.indexOf(kind) << KIND_SHIFT) | strategy
  }

  get(position: number): RequestState | undefined {
    const word = this.wordAt(position)
    return word === 0 ? undefined : stateOf(word)
  }

  passOn(position: number): void {
    this.change(position, word => word | PASSED_ON)
  }

  answer(position: number): void {
    this.change(position, word => (answersOf(word) < MOST ? word + ONE_ANSWER : word))
  }

  /** All of one strategy. */
  *of(strategy: number): Generator<RequestState, undefined> {
    for (const block of this.blocks)
      for (const word of block ?? []) if (word !== 0 && (word & STRATEGY) === strategy) yield stateOf(word)
  }

  private wordAt(position: number): number {
    const index = Math.floor(position / 2)
    return this.blocks[Math.floor(index / BLOCK)]?.[index % BLOCK] ?? 0
  }

  private change(position: number, to: (word: number) => number): void {
    const index = Math.floor(position / 2)
    const block = this.blocks[Math.floor(index / BLOCK)]
    if (block !== undefined && block[index % BLOCK] !== 0) block[index % BLOCK] = to(block[index % BLOCK])
  }
}

const BLOCK = 65_536
/** The bits of a word. */
const STRATEGY = 0xfff
const KIND_SHIFT = 12
const PASSED_ON = 1 << 16
const ANSWERS_SHIFT = 20
const ONE_ANSWER = 1 << ANSWERS_SHIFT
const MOST = 15
const IS_THERE = 1 << 30

function answersOf(word: number): number {
  return (word >>> ANSWERS_SHIFT) & MOST
}

function stateOf(word: number): RequestState {
  return {
    kind: KINDS[(word >>> KIND_SHIFT) & 3],
    strategy: word & STRATEGY,
    passedOn: (word & PASSED_ON) !== 0,
    answers: answersOf(word),
  }
}
