#!/usr/bin/env node
/** The `ticktape` command. If the program cannot be loaded (such as without an addon for the platform), this reports the error with its code. */
import { printError } from './output/failure.js'

try {
  const { run } = await import('./program.js')
  await run(process.argv)
} catch (error) {
  process.exitCode = printError(error, false)
}
