import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Reader, Writer } from 'ticktape'
import { describe, expect, it } from 'vitest'
import { startChild } from '../../support/child.ts'
import { failureOf } from '../../support/failures.ts'
import { Count } from '../../support/frames.ts'
import { journalPath, openWriter } from '../../support/open.ts'
import { crc32c } from '../../support/plain-decoder.ts'

/** Changes the version of a journal's control file. */
function setVersion(directory: string, version: number): void {
  const file = join(directory, 'control')
  const control = readFileSync(file)
  control.writeUInt32LE(version, 8)
  control.writeUInt32LE(crc32c(control.subarray(0, 120)), 120)
  writeFileSync(file, control)
}

function versionOf(directory: string): number {
  return readFileSync(join(directory, 'control')).readUInt32LE(8)
}

const SLEEPER = `
const reader = Reader.open(dir)
const stop = new AbortController()
say('ready')
await reader.run(on(Count, () => stop.abort()), { signal: stop.signal })
say('woken')
process.exit()
`

describe('the version of control', () => {
  it('is 2 in a new journal, and does not change when the journal is opened again', () => {
    const path = journalPath()
    openWriter(path).close()
    expect(versionOf(path)).toBe(2)
    setVersion(path, 1)
    openWriter(path).close()
    expect(versionOf(path)).toBe(1)
  })

  it.each([1, 2])(
    '%i: a sleeping reader is woken, long before it would check again by itself',
    async version => {
      const path = journalPath()
      openWriter(path).close()
      setVersion(path, version)
      const writer = openWriter(path)
      const child = startChild(SLEEPER, [path])
      expect(await child.hear()).toBe('ready')
      await new Promise(resolve => setTimeout(resolve, 100))
      const begun = performance.now()
      writer.write(Count, { n: 1 })
      expect(await child.hear()).toBe('woken')
      // Without a wake-up it checks again a second after it fell asleep.
      expect(performance.now() - begun).toBeLessThan(700)
    },
    20_000,
  )

  it('3 is refused with a named error: its rules are not known to this library', () => {
    const path = journalPath()
    openWriter(path).close()
    setVersion(path, 3)
    expect(failureOf(() => Writer.open(path))).toMatchObject({
      code: 'ERR_FORMAT_VERSION',
      path: join(path, 'control'),
    })
    const failure = failureOf(() => Reader.open(path))
    expect(failure.code).toBe('ERR_FORMAT_VERSION')
    expect(failure.message).toContain('version 3')
  })
})
