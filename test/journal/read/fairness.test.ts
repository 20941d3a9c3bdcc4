import { on } from 'ticktape'
import { describe, expect, it } from 'vitest'
import { Count } from '../../support/frames.ts'
import { openReader, openWriter, writeCounts } from '../../support/open.ts'

/** There is always a frame: each handler writes the next one. */
function endless(): { reader: ReturnType<typeof openReader>; more: () => void } {
  const writer = openWriter()
  writeCounts(writer, 0, 20_000)
  return { reader: openReader(writer.path), more: () => writeCounts(writer, 0, 1) }
}

describe('while there are always frames, timers and signals still work', () => {
  it('in for await', async () => {
    const { reader, more } = endless()
    const controller = new AbortController()
    setTimeout(() => controller.abort(), 20)
    const end = performance.now() + 10_000
    for await (const _ of reader.follow({ signal: controller.signal })) {
      more()
      if (performance.now() > end) break
    }
    expect(controller.signal.aborted).toBe(true)
  })

  it.each(['spin', 'yield', 'park', 'event-loop'] as const)('in run with %s', async wait => {
    const { reader, more } = endless()
    const controller = new AbortController()
    setTimeout(() => controller.abort(), 20)
    let handled = 0
    const end = performance.now() + 10_000
    await reader.run(
      on(Count, () => {
        handled++
        more()
        for (const until = performance.now() + 0.02; performance.now() < until; );
        if (performance.now() > end) reader.close()
      }),
      { wait, signal: controller.signal },
    )
    // Each frame takes 20 µs. A delay of a few ms is a few hundred frames; 16,384 frames without a check of the clock would be too many.
    expect(handled).toBeLessThan(10_000)
    expect(controller.signal.aborted).toBe(true)
  })
})
