import { buildCpp, runCpp } from './cpp-program.js'

/** Compiles the C++ version of ticktape/state. Undefined when there is no compiler. */
export function buildStateBaseline(): string | undefined {
  return buildCpp('state')
}

/** Runs it and returns the JSON it prints. */
export function runStateBaseline(program: string, words: readonly (string | number)[]): unknown {
  return runCpp(program, words)
}
