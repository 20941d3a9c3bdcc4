import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const ROOT = join(import.meta.dirname, '../..')

/** The modules of Node that an import loads. */
function loadedBy(entry: string): string[] {
  const code = `await import('${entry}'); console.log(JSON.stringify(process.moduleLoadList))`
  const list = JSON.parse(
    execFileSync(process.execPath, ['--input-type=module', '-e', code], { cwd: ROOT, encoding: 'utf8' }),
  ) as string[]
  return list.filter(name => name.startsWith('NativeModule ')).map(name => name.slice('NativeModule '.length))
}

// Each strategy imports 'ticktape/runtime', so what only a connection to an exchange needs would be paid at every start.
test.each(['ticktape', 'ticktape/runtime', 'ticktape/trading', 'ticktape/state'])(
  "an import of '%s' loads no module of Node for networks",
  entry => {
    const loaded = loadedBy(entry)
    expect(loaded).toContain('fs')
    expect(loaded.filter(name => ['http', 'https', 'tls', 'http2'].includes(name))).toEqual([])
  },
)
