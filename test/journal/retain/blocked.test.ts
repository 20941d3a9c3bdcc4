import diagnostics from 'node:diagnostics_channel'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { type Blocker, inspect, Reader, Writer, type WriterOptions } from 'ticktape'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { makeFolder } from '../../support/folders.ts'
import { CAPACITY, PAGE_SIZE, Quote, ticktape } from '../../support/journals.ts'

/** When a named reader blocks retention, every report names the reader and the pages it needs. */

type Retain = NonNullable<WriterOptions['retain']>

interface Pruned {
  readonly path: string
  readonly removed: readonly { readonly page: number }[]
  readonly blockers: readonly Blocker[]
  readonly error: Error | undefined
}

/** A journal whose writer has the option `retain` and has begun page 8, with a reader named 'slow' that was opened at its start. */
async function fillPast(retain: Retain, openAgain = false): Promise<{ directory: string; messages: Pruned[] }> {
  const directory = join(makeFolder('memory'), 'j')
  const messages: Pruned[] = []
  const listen = (message: unknown): void => {
    if ((message as Pruned).path === directory) messages.push(message as Pruned)
  }
  diagnostics.subscribe('ticktape:journal.pruned', listen)
  onTestFinished(() => void diagnostics.unsubscribe('ticktape:journal.pruned', listen))
  const writer = Writer.open(directory, { pageSize: PAGE_SIZE, retain })
  onTestFinished(() => writer.close())
  const reader = Reader.open(directory, { from: { name: 'slow' } })
  if (openAgain) onTestFinished(() => reader.close())
  else reader.close()
  for (let page = 0; page < 8; page++) {
    for (let i = 0; i < CAPACITY; i++) writer.write(Quote, { symbol: 'A', price: i, side: 'buy' })
    await settle()
  }
  writer.write(Quote, { symbol: 'A', price: 0, side: 'buy' })
  await settle()
  return { directory, messages }
}

/** Retention runs in the event loop, and removes files on other threads. */
async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await turn()
}

describe('retain: { pages: 3 } and a named reader that was opened once and closed', () => {
  test('the channel, inspect, ls and doctor report its name, its position and the pages it needs', async () => {
    const { directory, messages } = await fillPast({ pages: 3 })
    // Page 8 is being written, so three of the pages 0 to 8 may stay.
    await vi.waitFor(() => expect(messages.at(-1)?.blockers[0].pages).toBe(6), 10_000)
    expect(messages.at(-1)).toEqual({
      path: directory,
      removed: [],
      error: undefined,
      blockers: [
        {
          name: 'slow',
          alive: false,
          pid: process.pid,
          position: 0,
          heartbeat: expect.any(BigInt) as bigint,
          pages: 6,
          bytes: 6 * PAGE_SIZE,
        },
      ],
    })
    const message = `reader 'slow' (closed, last of process ${process.pid}) continues at position 0 and keeps retention from removing 6 pages`
    expect(inspect(directory).problems).toEqual([{ path: directory, code: 'RETENTION_BLOCKED', message }])
    const listed = ticktape('ls', directory)
    expect(listed.stdout).toContain(`RETENTION_BLOCKED: ${message}`)
    expect(listed.status).toBe(0) // nothing is damaged
    const examined = JSON.parse(ticktape('doctor', directory, '--json').stdout) as {
      findings: { check: string; status: string; found: string; type: string }[]
    }
    expect(examined.findings.find(({ check }) => check === 'named readers')).toMatchObject({
      status: 'warn',
      found: message,
      type: expect.stringMatching(/^ticktape prune .* --forget slow --dry-run/) as string,
    })
    expect(examined.findings.find(({ check }) => check === 'journal')?.status).toBe('ok')
  })

  test('without a subscriber: a warning, once', async () => {
    const emit = vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
    onTestFinished(() => emit.mockRestore())
    const directory = join(makeFolder('memory'), 'j')
    using writer = Writer.open(directory, { pageSize: PAGE_SIZE, retain: { pages: 1 } })
    Reader.open(directory, { from: { name: 'slow' } }).close()
    for (let i = 0; i < 4 * CAPACITY; i++) {
      writer.write(Quote, { symbol: 'A', price: i, side: 'buy' })
      if (i % CAPACITY === 0) await settle()
    }
    await settle()
    expect(emit).toHaveBeenCalledTimes(1)
    expect(emit).toHaveBeenCalledWith(expect.stringMatching(/reader 'slow' \(closed.*keeps retention/), {
      code: 'TICKTAPE_RETENTION',
    })
  })

  test('the same with bytes as the limit, and with age', async () => {
    const byBytes = await fillPast({ bytes: 4 * PAGE_SIZE })
    await vi.waitFor(
      () => expect(byBytes.messages.at(-1)?.blockers).toMatchObject([{ name: 'slow', pages: 5 }]),
      10_000,
    )
    const byAge = await fillPast({ age: 0 })
    await vi.waitFor(() => expect(byAge.messages.at(-1)?.blockers).toMatchObject([{ name: 'slow', pages: 8 }]), 10_000)
  })

  test('an open reader is reported too', async () => {
    const { directory, messages } = await fillPast({ pages: 3 }, true)
    await vi.waitFor(
      () => expect(messages.at(-1)?.blockers).toMatchObject([{ name: 'slow', alive: true, pages: 6 }]),
      10_000,
    )
    expect(inspect(directory).problems[0].message).toContain(`open in process ${process.pid}`)
  })
})

describe('nothing is reported', () => {
  test('with readers: false pages are removed, and no problem is found', async () => {
    const { directory, messages } = await fillPast({ pages: 3, readers: false })
    await vi.waitFor(
      () => expect(messages.flatMap(({ removed }) => removed.map(({ page }) => page))).toEqual([0, 1, 2, 3, 4, 5]),
      10_000,
    )
    expect(messages.flatMap(({ blockers }) => blockers)).toEqual([])
    expect(inspect(directory).problems).toEqual([])
  })

  test('a reader within the limits', async () => {
    const { directory, messages } = await fillPast({ pages: 9 })
    expect(messages).toEqual([])
    expect(inspect(directory).problems).toEqual([])
  })

  test('for an invalid text in writer.lock', async () => {
    const { directory } = await fillPast({ pages: 3 })
    const file = join(directory, 'writer.lock')
    const text = readFileSync(file, 'utf8')
    for (const retain of ['"x"', '{"pages":"3"}', '{"pages":-1}', 'null', '[]']) {
      writeFileSync(file, text.replace(/"retain":\{.*?\}/, `"retain":${retain}`))
      expect(inspect(directory).problems, retain).toEqual([])
    }
  })
})
