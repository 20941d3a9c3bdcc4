/** Catches errors, so that a test can check them. */
import { TicktapeError } from 'ticktape'

export type Failure = TicktapeError & Record<string, unknown>

/** The error that `body` throws. Fails when it throws nothing, or an error without a code of the library. */
export function failureOf(body: () => unknown): Failure {
  try {
    body()
  } catch (error) {
    return named(error)
  }
  throw new Error('nothing was thrown')
}

/** The error that a promise rejects with. */
export async function rejectionOf(promise: PromiseLike<unknown>): Promise<Failure> {
  try {
    await promise
  } catch (error) {
    return named(error)
  }
  throw new Error('nothing was thrown')
}

function named(error: unknown): Failure {
  if (error instanceof TicktapeError) return error as Failure
  throw error
}
