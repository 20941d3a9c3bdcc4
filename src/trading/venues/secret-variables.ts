/** Variables of the environment with the credentials of venues: processes that run strategies do not get them. */
export const SECRET_VARIABLES = /^((OKX|BINANCE|BYBIT)_(KEY|SECRET|PASSPHRASE)|CCXT_[A-Z0-9]+_[A-Z]+)$/
