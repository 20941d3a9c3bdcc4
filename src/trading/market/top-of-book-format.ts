/** Top of book: parameters [markets]. A u64 for each market from Header.SIZE on, four u16 in it. */
export const Quote = {
  SIZE: 8,
  BID: 0,
  BID_SIZE: 2,
  ASK: 4,
  ASK_SIZE: 6,
} as const
