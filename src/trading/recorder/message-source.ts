/** A source of a venue's messages as they come from its socket, before anything is made of them. */
export interface MessageSource {
  /**
   * Receives until the signal aborts, or until there is nothing more. Resolves then, when its sockets are closed.
   *
   * @param take takes one message: JSON as text, with the time at which it was received, ns since 1970.
   */
  receive(take: (message: string, receivedNs: bigint) => void, signal: AbortSignal): Promise<void>
}
