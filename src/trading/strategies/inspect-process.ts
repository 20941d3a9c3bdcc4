import { resolve } from 'node:path'
import { endWithParent } from '../../runtime/supervision/end-with-parent.js'
import type { InspectAnswer } from './inspect.js'
import { loadStrategies } from './load.js'
import { moduleCode } from './module-code.js'

/** Loads the module named by its first argument, and sends the descriptions of its strategies to the gateway. */
endWithParent()
const file = resolve(process.argv[2])

function answer(message: InspectAnswer): void {
  process.send?.(message, () => process.exit())
}

try {
  const strategies = await loadStrategies(file)
  const code = moduleCode(file)
  answer({
    kind: 'strategies',
    strategies: strategies.map(({ id, symbols, from = 'start', onTicker }) => ({
      id,
      file,
      symbols,
      from,
      wantsTicker: onTicker !== undefined,
      code,
    })),
  })
} catch (error) {
  answer({ kind: 'failed', message: error instanceof Error ? error.message : String(error) })
}
