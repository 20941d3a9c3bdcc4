import type { CcxtClient, CcxtExchange } from './ccxt-types.js'

/**
 * Lets all that some functions of ccxt return while it handles a message be seen: its loops show what is there when they are resumed, which
 * is not all that was received.
 *
 * @param names the functions, such as /^parse(Ws)?Order$/.
 * @param onMessage called after each message with what these functions returned meanwhile.
 */
export function hearParsed(
  exchange: CcxtExchange,
  names: RegExp,
  onMessage: (parsed: readonly object[]) => void,
): void {
  let collected: object[] | undefined
  const functions = exchange as unknown as Record<string, (...given: unknown[]) => object | undefined>
  for (const name of namesOf(exchange)) {
    if (!names.test(name)) continue
    const parse = functions[name].bind(exchange)
    functions[name] = (...given) => {
      const parsed = parse(...given)
      if (parsed !== undefined) collected?.push(parsed)
      return parsed
    }
  }
  const handleMessage = exchange.handleMessage.bind(exchange)
  exchange.handleMessage = (client: CcxtClient, message: unknown) => {
    const found: object[] = []
    collected = found
    try {
      return handleMessage(client, message)
    } finally {
      collected = undefined
      onMessage(found)
    }
  }
}

/** The names of all functions of an object and of its classes. */
function namesOf(object: object): ReadonlySet<string> {
  const names = new Set<string>()
  for (let one: object | null = object; one !== null; one = Object.getPrototypeOf(one) as object | null)
    for (const name of Object.getOwnPropertyNames(one)) names.add(name)
  return names
}
