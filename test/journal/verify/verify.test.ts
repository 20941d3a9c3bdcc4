import { existsSync, rmSync, statSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Reader, type VerifyReport, verify, Writer } from 'ticktape'
import { describe, expect, test } from 'vitest'
import { makeFolder } from '../../support/folders.ts'
import {
  CAPACITY,
  fill,
  flip,
  makeJournal,
  pageFile,
  patch,
  rewrite,
  slotAt,
  ticktape,
  u32,
} from '../../support/journals.ts'

/** Damages a journal of three full pages and a partly filled one, and verifies it. */
async function damaged(
  checked: boolean,
  damage: (directory: string) => void,
): Promise<VerifyReport & { directory: string }> {
  const directory = join(makeFolder('memory'), 'j')
  await makeJournal(directory, 3000, checked)
  expect((await verify(directory, { deep: true })).findings).toEqual([])
  damage(directory)
  return { ...(await verify(directory, { deep: true })), directory }
}

/** Expects exactly one problem, at this location. */
function expectOne(report: VerifyReport, place: object, what: RegExp): void {
  expect(report.sound).toBe(false)
  expect(report.findings).toEqual([expect.objectContaining({ ...place, what: expect.stringMatching(what) as string })])
}

describe('a sound journal', () => {
  test.each([true, false])('is found sound (checksums: %s), with all its frames counted', async checked => {
    const directory = join(makeFolder('memory'), 'j')
    const positions = await makeJournal(directory, 3000, checked)
    const report = await verify(directory)
    expect(report).toMatchObject({
      sound: true,
      findings: [],
      notes: [],
      omitted: 0,
      pages: 4,
      frames: positions.length,
      checkedFrames: checked ? positions.length : 0,
      firstPosition: 0,
      endPosition: 3600,
      writing: false,
    })
    expect(ticktape('verify', directory)).toMatchObject({ status: 0, stderr: '' })
  })

  test('is found sound while it is written', async () => {
    const directory = join(makeFolder('memory'), 'j')
    using writer = Writer.open(directory, { pageSize: 64 * 1024 })
    for (let i = 0; i < 20; i++) {
      fill(writer, 500)
      const looking = verify(directory, { deep: true })
      fill(writer, 500)
      expect(await looking).toMatchObject({ sound: true, findings: [], writing: true })
    }
  })

  test('is found sound while retention removes pages that are not checked yet', async () => {
    const directory = join(makeFolder('memory'), 'j')
    await makeJournal(directory, 8000) // ten pages
    const remove = (from: number, to: number): void => {
      for (let page = from; page < to; page++) rmSync(pageFile(directory, page))
    }
    const some = await verify(directory, { onProgress: done => done === 1 && remove(0, 4) })
    expect(some).toMatchObject({ sound: true, findings: [], pages: 6, firstPosition: 4 * CAPACITY, endPosition: 9600 })
    const most = await verify(directory, { onProgress: done => done === 1 && remove(4, 9) })
    expect(most).toMatchObject({ sound: true, pages: 1, firstPosition: 9 * CAPACITY })
  })

  test('whose writer was killed in the middle of a frame is sound, with a note about the bytes that are left', async () => {
    const report = await damaged(false, directory => patch(pageFile(directory, 3), slotAt(730), [1, 2, 3]))
    expect(report).toMatchObject({ sound: true, findings: [] })
    expect(report.notes).toEqual([
      expect.objectContaining({
        page: 3,
        slot: 730,
        what: expect.stringContaining('bytes after the last frame') as string,
      }),
    ])
  })

  test('of many pages is checked by several threads, with the same result', async () => {
    const directory = join(makeFolder('memory'), 'j')
    {
      using writer = Writer.open(directory, { pageSize: 8 * 2 ** 20 })
      for (let i = 0; i < 10; i++) fill(writer, 100_000)
    }
    expect(statSync(pageFile(directory, 8)).size * 9).toBeGreaterThan(64 * 2 ** 20)
    let last = 0
    const report = await verify(directory, { onProgress: done => void (last = done) })
    expect(report).toMatchObject({ sound: true, frames: 1_100_000, pages: last })
    flip(pageFile(directory, 7), slotAt(100) + 2)
    expectOne(await verify(directory), { page: 7, slot: 100 }, /slots/)
  })
})

describe('damage is reported at its location', () => {
  test('a bit of a value, by the checksum', async () => {
    const report = await damaged(true, directory => flip(pageFile(directory, 1), slotAt(500) + 40))
    expectOne(report, { page: 1, slot: 500, position: CAPACITY + 500 }, /checksum is wrong/)
    expect(ticktape('verify', report.directory)).toMatchObject({
      status: 1,
      stdout: expect.stringContaining('slot 500') as string,
    })
  })

  test('a frame of no slots: the frames after it are found again by the next mark', async () => {
    const report = await damaged(false, directory => patch(pageFile(directory, 0), slotAt(300) + 2, [0]))
    expectOne(report, { page: 0, slot: 300 }, /no slots/)
    // From slot 300 to the mark at 512, and the rest of a frame.
    expect(report.frames).toBeGreaterThan(3300 - 220)
  })

  test('a frame of no type', async () => {
    expectOne(
      await damaged(false, directory => patch(pageFile(directory, 2), slotAt(4), [0, 0])),
      { page: 2, slot: 4 },
      /no type/,
    )
  })

  test('a frame that ends after the cursor', async () => {
    expectOne(
      await damaged(false, directory => patch(pageFile(directory, 3), slotAt(718) + 2, [200])),
      { page: 3 },
      /ends after the cursor/,
    )
  })

  test('a type without definition', async () => {
    expectOne(
      await damaged(false, directory => patch(pageFile(directory, 0), slotAt(7), [77, 0])),
      { page: 0, slot: 7 },
      /type 77.*not define/,
    )
  })

  test('a frame longer than its definition', async () => {
    // The quote at 7 now covers the one at 8, so that the frames after it do not move.
    expectOne(
      await damaged(false, directory => patch(pageFile(directory, 0), slotAt(7) + 2, [2])),
      { page: 0, slot: 7 },
      /has 2 slots, a Quote has 1/,
    )
  })

  test('a time before the last one', async () => {
    expectOne(
      await damaged(false, directory => patch(pageFile(directory, 0), slotAt(100) + 8, new Uint8Array(8))),
      { page: 0, slot: 100 },
      /time is before/,
    )
  })

  test('a page that begins before the last one ended', async () => {
    expectOne(
      await damaged(false, directory => patch(pageFile(directory, 2), slotAt(0) + 8, [...new Uint8Array(7), 1])),
      { page: 2, slot: 0, position: 2 * CAPACITY },
      /before that of the page before/,
    )
  })

  test('an invalid enum, bool and text', async () => {
    const report = await damaged(false, directory => {
      patch(pageFile(directory, 0), slotAt(3) + 40, [9])
      patch(pageFile(directory, 0), slotAt(10) + 64, [7])
      patch(pageFile(directory, 1), slotAt(5) + 16, [0xff])
    })
    expect(report.findings.map(({ page, slot }) => [page, slot])).toEqual([
      [0, 3],
      [0, 10],
      [1, 5],
    ])
    expect((await verify(report.directory)).findings).toEqual([]) // only the option `deep` decodes values
  })

  test('a cursor after the page', async () => {
    expectOne(
      await damaged(false, directory => patch(pageFile(directory, 3), 128, u32(5000))),
      { page: 3 },
      /cursor is at slot 5000/,
    )
  })

  test('a durable cursor after the cursor', async () => {
    expectOne(
      await damaged(true, directory => patch(pageFile(directory, 3), 384, u32(900))),
      { page: 3 },
      /durable cursor is at slot 900/,
    )
  })

  test('a seal that is gone', async () => {
    expectOne(await damaged(false, directory => patch(pageFile(directory, 1), 256, u32(0))), { page: 1 }, /not sealed/)
  })

  test('a page checksum, and bytes that only it covers', async () => {
    expectOne(
      await damaged(true, directory => flip(pageFile(directory, 1), 260)),
      { page: 1 },
      /page's checksum is wrong/,
    )
  })

  test('a mark that points to no frame', async () => {
    expectOne(
      await damaged(false, directory => patch(pageFile(directory, 1), 512 + 4 * 2, u32(513))),
      { page: 1, slot: 512 },
      /mark 2 says slot 513/,
    )
  })

  test('bytes after the end of a sealed page', async () => {
    const directory = join(makeFolder('memory'), 'j')
    using writer = Writer.open(directory, { pageSize: 64 * 1024 })
    writer.cork(0)
    fill(writer, 5)
    writer.uncork()
    writer.cork(CAPACITY) // does not fit: rolls to the next page
    writer.uncork()
    fill(writer, 5)
    expect((await verify(directory)).findings).toEqual([])
    patch(pageFile(directory, 0), slotAt(CAPACITY - 1) + 63, [1])
    expectOne(await verify(directory), { page: 0, slot: CAPACITY - 1 }, /bytes after the last frame of a sealed page/)
  })

  test.each([
    [0, 'magic'],
    [8, 'version'],
    [16, 'page size'],
    [24, 'first position'],
    [64, 'layout hash'],
    [120, 'checksum'],
  ])('a bit of the page header: byte %i, the %s', async offset => {
    expectOne(await damaged(false, directory => flip(pageFile(directory, 1), offset)), { page: 1 }, /./)
  })

  test('a page that was truncated, extended or emptied', async () => {
    for (const size of [40_000, 100, 0, 70_000]) {
      expectOne(await damaged(false, directory => truncateSync(pageFile(directory, 2), size)), { page: 2 }, /./)
    }
  })

  test('a page that is a symbolic link', async () => {
    const report = await damaged(false, directory => {
      rmSync(pageFile(directory, 2))
      symlinkSync('/dev/zero', pageFile(directory, 2))
    })
    expectOne(report, {}, /symbolic link/)
  })

  test('a page that is missing, between others and at the end', async () => {
    expectOne(await damaged(false, directory => rmSync(pageFile(directory, 1))), { page: 1 }, /missing between/)
    expectOne(
      await damaged(false, directory => rmSync(pageFile(directory, 3))),
      { page: 3 },
      /missing, though the page before it is sealed/,
    )
  })

  test('schema.json: missing, not JSON, or of another journal', async () => {
    expectOne(await damaged(false, directory => rmSync(join(directory, 'schema.json'))), {}, /missing/)
    expectOne(await damaged(false, directory => truncateSync(join(directory, 'schema.json'), 50)), {}, /not JSON/)
    const report = await damaged(false, directory =>
      rewrite(join(directory, 'schema.json'), text => text.replace('"price"', '"prize"')),
    )
    expect(report.findings.map(({ page, what }) => [page, what])).toEqual(
      [2, 3].map(page => [page, 'it was made with other definitions than schema.json begins with']),
    )
  })

  test('the control file: missing, cut, damaged', async () => {
    expectOne(await damaged(false, directory => rmSync(join(directory, 'control'))), {}, /missing/)
    expectOne(await damaged(false, directory => truncateSync(join(directory, 'control'), 5000)), {}, /bytes, not/)
    expectOne(await damaged(false, directory => flip(join(directory, 'control'), 12)), {}, /checksum/)
    expectOne(await damaged(false, directory => patch(join(directory, 'control'), 4096 + 256, u32(7))), {}, /state 7/)
  })

  test("a reader's position where no frame begins, and past the end", async () => {
    const directory = join(makeFolder('memory'), 'j')
    await makeJournal(directory, 3000)
    Reader.open(directory, { from: { name: 'momentum' } }).close()
    expect((await verify(directory)).findings).toEqual([])
    for (const [position, what] of [
      [11, /no frame begins/],
      [3601, /no position 3601/],
    ] as const) {
      for (const place of [0, 8]) patch(join(directory, 'control'), 4096 + 32 + place, u32(position))
      expectOne(await verify(directory), { position }, what)
    }
  })
})

test('damage at the beginning: the message does not promise that repair can save frames', async () => {
  const directory = join(makeFolder('memory'), 'j')
  await makeJournal(directory, 10)
  patch(pageFile(directory, 0), slotAt(0) + 2, [0])
  expect(ticktape('verify', directory)).toMatchObject({
    status: 1,
    stdout: expect.stringContaining(`; see what can be saved with: ticktape repair ${directory}\n`) as string,
  })
  expect(ticktape('repair', directory)).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('nothing of') as string,
  })
  expect(ticktape('repair', '--help').stdout).toContain('Salvage keeps complete pages only')
})

test('refuses a missing path, a file, another directory, and an unknown option', async () => {
  const folder = makeFolder()
  writeFileSync(join(folder, 'file'), 'x')
  expect(ticktape('verify', join(folder, 'none')).status).toBe(2)
  expect(ticktape('verify', join(folder, 'file'))).toMatchObject({
    status: 2,
    stderr: expect.stringMatching(/^ERR_NOT_A_JOURNAL: /) as string,
  })
  expect(JSON.parse(ticktape('verify', folder, '--json').stderr)).toMatchObject({
    error: { code: 'ERR_NOT_A_JOURNAL', path: folder },
  })
  expect(ticktape('verify', folder, '--depe').status).toBe(2)
  expect(existsSync(join(folder, 'writer.lock'))).toBe(false)
  await expect(verify(folder, { depe: true } as object)).rejects.toMatchObject({ code: 'ERR_INVALID_OPTION' })
})

test('whatever bytes are changed, verify ends with a result and the process survives', async () => {
  const directory = join(makeFolder('memory'), 'j')
  await makeJournal(directory, 1500, true)
  let random = 12345
  const next = (below: number): number => {
    random = (Math.imul(random, 1103515245) + 12345) >>> 0
    return Math.floor((random / 2 ** 32) * below)
  }
  const files = [
    pageFile(directory, 0),
    pageFile(directory, 1),
    join(directory, 'control'),
    join(directory, 'schema.json'),
  ]
  const header = 600
  for (let round = 0; round < 300; round++) {
    const file = files[next(files.length)]
    const offset = next(next(2) === 0 ? header : statSync(file).size)
    const bit = next(8)
    flip(file, offset, bit)
    const report = await verify(directory, { deep: true })
    expect(report.sound).toBe(report.findings.length === 0)
    flip(file, offset, bit)
  }
  expect((await verify(directory, { deep: true })).findings).toEqual([])
})
