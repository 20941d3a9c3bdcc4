import { writeFileSync } from 'node:fs'

/** Where strategies of the benchmark leave their results, for the process that runs the gateway. */
export const RESULT = 'TICKTAPE_BENCH_RESULT'

/** Writes the result of a strategy. */
export function leave(id: string, result: object): void {
  writeFileSync(`${process.env[RESULT]}.${id}`, JSON.stringify(result))
}

/** ms with fractions; the same clock in every process. */
export function wallMs(): number {
  return performance.timeOrigin + performance.now()
}
