import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { on, type TicktapeError } from 'ticktape'
import { expect, test } from 'vitest'
import { makeFolder } from '../../support/folders.ts'
import { Count } from '../../support/frames.ts'
import { ticktape } from '../../support/journals.ts'
import { mountOverlay, noOverlayMounts } from '../../support/mounts.ts'
import { openReader, openWriter, readNumbers, upTo, writeCounts } from '../../support/open.ts'
import { skipUnless } from '../../support/skips.ts'

test.skipIf(skipUnless(noOverlayMounts === undefined, 'readers on overlayfs', String(noOverlayMounts)))(
  'a reader on overlayfs whose file is copied for a later writer throws instead of waiting forever',
  async () => {
    const lower = makeFolder()
    const image = openWriter(join(lower, 'journal'))
    writeCounts(image, 0, 3)
    image.close()
    const path = join(mountOverlay(lower), 'journal')

    const reader = openReader(path)
    expect(readNumbers(reader)).toEqual(upTo(3))
    const writer = openWriter(path)
    writeCounts(writer, 3, 8)

    const seen: number[] = []
    const handlers = on(Count, frame => seen.push(frame.n))
    let failure: TicktapeError | undefined
    for (const end = performance.now() + 5000; failure === undefined && performance.now() < end; ) {
      try {
        for (let i = 0; i < 1000; i++) reader.poll(handlers)
      } catch (error) {
        failure = error as TicktapeError
      }
      await new Promise(resolve => setTimeout(resolve, 20))
    }
    expect(seen).toEqual([])
    expect(failure).toMatchObject({ code: 'ERR_JOURNAL_REPLACED', position: 3 })
    expect(failure?.message).toContain('overlayfs')
    expect(readNumbers(openReader(path))).toEqual(upTo(8))
    expect(ticktape('doctor', path).stdout).toMatch(/overlay[^]*ERR_JOURNAL_REPLACED/)
    // The file in the lower layer has not changed.
    const page = join(lower, 'journal', '0000000000.page')
    expect(readFileSync(page).readUInt32LE(128)).toBe(3)
    expect(statSync(page).size).toBe(65536)
  },
)

test('a reader that opened the file after its writer continues', async () => {
  const writer = openWriter()
  writeCounts(writer, 0, 3)
  const reader = openReader(writer.path)
  const seen: number[] = []
  const handlers = on(Count, frame => seen.push(frame.n))
  for (const end = performance.now() + 2500; performance.now() < end; ) {
    for (let i = 0; i < 1000; i++) reader.poll(handlers)
    await new Promise(resolve => setTimeout(resolve, 20))
  }
  writeCounts(writer, 3, 8)
  while (reader.poll(handlers) > 0);
  expect(seen).toEqual(upTo(8))
})
