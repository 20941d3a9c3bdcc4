/** The resources that a measurement may use. */
export interface Conditions {
  /** Fewer frames and fewer variants: the whole suite in under two minutes. */
  readonly quick: boolean
  /** Measurements of each figure, at least 5. */
  readonly rounds: number
  /** The two cores that the two sides run on; the same one twice when there is only one. */
  readonly cpus: readonly [number, number]
  /** The compiled C++ baseline, or undefined when there is no compiler. */
  readonly baseline: string | undefined
  /** Two temporary directories, one in memory and one on disk. Both are removed when the suite ends. */
  readonly memory: string
  readonly disk: string
  /** Prints a progress message. */
  readonly say: (text: string) => void
}

/** One side of a comparison, measured once in every round. */
export interface Contender {
  readonly name: string
  readonly values: readonly number[]
}

/** The same task, done by several contenders alternately. */
export interface Comparison {
  readonly label: string
  readonly unit: string
  readonly better: 'more' | 'less'
  /** The first is ticktape. */
  readonly contenders: readonly Contender[]
  /** The time in ns that a cache line took there and back, before each round; empty when that was not measured. */
  readonly lineNs: readonly number[]
  /** Rounds measured again because the cores moved in the middle of them. */
  readonly repeated: number
}

/** Latencies of several ways, each at the shares of SHARES, in ns: medians over the rounds. */
export interface Latencies {
  readonly label: string
  readonly ways: readonly { readonly name: string; readonly percentiles: readonly number[] }[]
}

/** A target of the project and whether it was met in this run. */
export interface Target {
  readonly what: string
  readonly wanted: string
  readonly found: number
  readonly reached: boolean
  /** What limits it, for a target that is not reached. */
  readonly limit: string
}

/** Points for a plot: one line for each way. */
export interface Plot {
  readonly file: string
  readonly title: string
  readonly kind: 'lines' | 'bars'
  readonly x: readonly string[]
  /** The unit of the values. */
  readonly y: string
  readonly logarithmic: boolean
  /** One picture each, side by side; two or three ways in each can be told apart. */
  readonly panels: readonly Panel[]
}

/** A picture of a plot: some ways with a value for each label of `x`. */
export interface Panel {
  readonly title: string
  readonly ways: readonly { readonly name: string; readonly values: readonly number[] }[]
}

export interface Answer {
  readonly comparisons?: readonly Comparison[]
  readonly latencies?: readonly Latencies[]
  /** Sentences below the tables. */
  readonly notes?: readonly string[]
  readonly targets?: readonly Target[]
  readonly plots?: readonly Plot[]
}

/** One question that the benchmark answers: a file of this folder each. */
export interface Question {
  /** For `--only`. */
  readonly name: string
  readonly title: string
  /** How it is measured. */
  readonly method: string
  ask(conditions: Conditions): Promise<Answer>
}
