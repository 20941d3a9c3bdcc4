#!/usr/bin/env node
/** The `ticktape` command. What cannot even be loaded (an addon for another platform) fails here, by name. */
import { printError } from './output/failure.js'

try {
  const { run } = await import('./program.js')
  await run(process.argv)
} catch (error) {
  process.exitCode = printError(error, false)
}
