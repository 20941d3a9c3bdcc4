/** What an epoch of a strategy is started with. */
export interface EpochStart {
  /** Its number in the home. */
  readonly strategy: number
  readonly epoch: number
  readonly seed: number
  readonly replay: boolean
  /** The sequence's journal id. */
  readonly sequence: number
  /** The names of the accounts of each venue, in the order of their numbers. */
  readonly accounts: Readonly<Record<string, readonly string[]>>
}
