/** The first ids of orders and of fills: those of OKX are beyond 2^53. */
export const FIRST_ORDER = 2_497_956_918_703_120_384n
export const FIRST_BILL = 4_995_913_837_406_240_768n
