/**
 * ccxt leaves promises behind that nobody waits for. When a connection is lost they are rejected, which would end the process: the loss is
 * heard of where it is waited for. Rejections of others end the process as before.
 *
 * @param onStray called with an error of ccxt that nobody waits for.
 * @returns what ends it.
 */
export function takeStrayRejections(onStray: (error: Error) => void): () => void {
  const take = (error: unknown): void => {
    if (isOfCcxt(error)) return onStray(error)
    // As Node does without this function.
    setImmediate(() => {
      throw error
    })
  }
  process.on('unhandledRejection', take)
  return () => void process.off('unhandledRejection', take)
}

/** All errors of ccxt have one class, which is found by its name: there may be several copies of the package. */
function isOfCcxt(error: unknown): error is Error {
  for (let one: unknown = error; typeof one === 'object' && one !== null; one = Object.getPrototypeOf(one))
    if (one.constructor.name === 'BaseError') return true
  return false
}
