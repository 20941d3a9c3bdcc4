import { spawnSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isDeepStrictEqual } from 'node:util'
import { Reader, type RepairReport, repair, verify, Writer } from 'ticktape'
import { describe, expect, test } from 'vitest'
import { makeFolder } from '../../support/folders.ts'
import {
  CAPACITY,
  fill,
  flip,
  makeJournal,
  pageFile,
  patch,
  peek,
  rewrite,
  slotAt,
  ticktape,
  u32,
} from '../../support/journals.ts'

interface Kept {
  position: number
  time: bigint
  type: number
  values: unknown
}

/** All frames of a journal. */
function framesOf(directory: string): Kept[] {
  using reader = Reader.open(directory)
  const frames: Kept[] = []
  for (const frame of reader)
    frames.push({ position: frame.position, time: frame.time, type: frame.type, values: frame.toObject() })
  return frames
}

function schemaOf(directory: string): string {
  return join(directory, 'schema.json')
}

/** Creates two named readers that read up to these positions and were closed. */
function leaveReaders(directory: string): void {
  for (const [name, position] of [
    ['early', 12],
    ['late', 3 * CAPACITY + 6],
  ] as const)
    Reader.open(directory, { from: { name, start: { position } } }).close()
}

function fingerprint(directory: string): string {
  return readdirSync(directory)
    .sort()
    .map(name => `${name} ${readFileSync(join(directory, name)).toString('base64')}`)
    .join('\n')
}

interface Case {
  readonly directory: string
  readonly copy: string
  readonly before: Kept[]
  readonly report: RepairReport
}

/** Damages and repairs a journal of three full pages and a partly filled one. Checks here what must be true for any damage. */
async function repaired(
  checked: boolean,
  damage: (directory: string) => void,
  options: { salvage?: boolean } = {},
): Promise<Case> {
  const directory = join(makeFolder('memory'), 'j')
  await makeJournal(directory, 3000, checked)
  const before = framesOf(directory)
  damage(directory)
  const damaged = fingerprint(directory)
  const report = await repair(directory, options)
  expect(fingerprint(directory)).toBe(damaged) // repair never changes the original
  const copy = `${directory}.repaired`
  const made = readdirSync(join(directory, '..')).filter(name => name !== 'j')
  expect(made).toEqual(report.copies.map(one => one.path.slice(directory.length - 1)))
  for (const one of report.copies)
    expect(await verify(one.path, { deep: true })).toMatchObject({
      sound: true,
      endPosition: one.endPosition,
      frames: one.frames,
    })
  using writer = Writer.open(copy, { durability: checked ? 'commit' : 'process' })
  const end = writer.position
  expect(end).toBe(report.copies[0].endPosition)
  fill(writer, 2000)
  return { directory, copy, before, report }
}

/** The copy has the frames below `end`, and the report says which are lost. */
function expectKept({ copy, before, report }: Case, end: number, lost: object[]): void {
  const kept = before.filter(frame => frame.position < end)
  expect(report.copies[0]).toMatchObject({ endPosition: end, frames: kept.length })
  expect(framesOf(copy).slice(0, kept.length)).toEqual(kept)
  expect(report.lost).toMatchObject(lost)
  expect(report.complete).toBe(lost.length === 0)
}

describe('nothing is lost when no frame is damaged', () => {
  const harmless: [string, boolean, (directory: string) => void][] = [
    ['nothing', false, () => {}],
    ['nothing, with checksums', true, () => {}],
    ['a seal', false, directory => patch(pageFile(directory, 1), 256, u32(0))],
    ['a mark', false, directory => patch(pageFile(directory, 1), 512 + 8, u32(700))],
    ['a page checksum', true, directory => flip(pageFile(directory, 1), 261)],
    ['a durable cursor', true, directory => patch(pageFile(directory, 3), 384, u32(9999))],
    ['a cursor that is too high', true, directory => patch(pageFile(directory, 3), 128, u32(70_000))],
    [
      'a cursor that is too high, without checksums',
      false,
      directory => patch(pageFile(directory, 3), 128, u32(70_000)),
    ],
    ['a cursor of a sealed page that is too low', false, directory => patch(pageFile(directory, 1), 128, u32(12))],
    [
      'a cursor of a sealed page that is 0, with checksums',
      true,
      directory => patch(pageFile(directory, 1), 128, u32(0)),
    ],
    ['bytes after the last frame', false, directory => patch(pageFile(directory, 3), slotAt(800), [1, 2, 3])],
    ['the identity of a page', false, directory => patch(pageFile(directory, 2), 0, new Uint8Array(128))],
    [
      'the identity of a page, with checksums',
      true,
      directory => patch(pageFile(directory, 2), 0, new Uint8Array(128)),
    ],
    [
      'the whole header of a sealed page, with checksums',
      true,
      directory => patch(pageFile(directory, 1), 0, new Uint8Array(4096)),
    ],
    [
      'the header of the last page, with checksums',
      true,
      directory => patch(pageFile(directory, 3), 0, new Uint8Array(4096).fill(0xff)),
    ],
    ['the first header', true, directory => flip(pageFile(directory, 0), 8)],
    ['bytes added to a file', false, directory => truncateSync(pageFile(directory, 1), 128 * 1024)],
    ['the control file', false, directory => rmSync(join(directory, 'control'))],
    ['the lock file', false, directory => rmSync(join(directory, 'writer.lock'))],
  ]
  test.each(harmless)('%s', async (_, checked, damage) => {
    expectKept(await repaired(checked, damage), 3600, [])
  })

  test('a journal whose first page is not page 0', async () => {
    const { report } = await repaired(false, directory => rmSync(pageFile(directory, 0)))
    expect(report.copies[0]).toMatchObject({ firstPosition: CAPACITY, endPosition: 3600 })
    expect(report.complete).toBe(true)
  })

  test('a page that a killed writer had prepared, complete or not', async () => {
    for (const size of [64 * 1024, 4096, 0]) {
      const result = await repaired(false, directory => writeFileSync(pageFile(directory, 4), new Uint8Array(size)))
      expectKept(result, 3600, [])
    }
  })
})

describe('the good frames at the start are kept', () => {
  test('up to a frame whose checksum is wrong', async () => {
    expectKept(await repaired(true, directory => flip(pageFile(directory, 2), slotAt(300) + 30)), 2 * CAPACITY + 300, [
      { page: 2, slot: 300, position: 2 * CAPACITY + 300, what: expect.stringContaining('crc-wrong') as string },
      { page: 3, slot: 0, what: expect.stringContaining('--salvage') as string },
    ])
  })

  test.each([
    ['no slots', 2, [0], 'no-slots'],
    ['no type', 0, [0, 0], 'no-type'],
    ['a time before the last', 15, [0], 'time-backwards'],
    ['a type without a definition', 0, [99], 'does not match its definition'],
  ])('up to a frame of %s', async (_, offset, bytes, what) => {
    expectKept(
      await repaired(false, directory => patch(pageFile(directory, 1), slotAt(500) + offset, bytes)),
      CAPACITY + 500,
      [{ page: 1, slot: 500, what: expect.stringContaining(what) as string }, { page: 2 }, { page: 3 }],
    )
  })

  test('up to a page that is missing, truncated or emptied', async () => {
    expectKept(await repaired(false, directory => rmSync(pageFile(directory, 1))), CAPACITY, [
      { page: 1 },
      { page: 2 },
      { page: 3 },
    ])
    expectKept(
      await repaired(false, directory => truncateSync(pageFile(directory, 1), 4096 + 64 * 101)),
      CAPACITY + 101,
      [{ page: 1, slot: 101 }, { page: 2 }, { page: 3 }],
    )
    expectKept(await repaired(false, directory => truncateSync(pageFile(directory, 1), 0)), CAPACITY, [
      { page: 1, slot: 0 },
      { page: 2 },
      { page: 3 },
    ])
  })

  test('and a loss is reported when the last page is missing', async () => {
    expectKept(await repaired(false, directory => rmSync(pageFile(directory, 3))), 3 * CAPACITY, [
      { page: 3, what: expect.stringContaining('is unknown') as string },
    ])
  })

  test('from the first page with a good frame', async () => {
    const { report } = await repaired(false, directory => patch(pageFile(directory, 0), slotAt(0), [0, 0, 0]))
    expect(report.copies).toMatchObject([{ firstPosition: CAPACITY, endPosition: 3600 }])
    expect(report.lost).toMatchObject([{ page: 0, slot: 0 }])
    expect(report.lostSlots).toBe(CAPACITY)
  })

  test.each([true, false])(
    'without a page whose file has the content of another page (checksums: %s)',
    async checked => {
      const { report, before, copy } = await repaired(checked, directory =>
        cpSync(pageFile(directory, 2), pageFile(directory, 0)),
      )
      expect(report.lost).toMatchObject([
        { page: 0, slot: 0, what: expect.stringContaining('it says page 2') as string },
      ])
      expect(report.copies).toMatchObject([{ firstPosition: CAPACITY, endPosition: 3600 }])
      expect(framesOf(copy).slice(0, 20)).toEqual(before.filter(({ position }) => position >= CAPACITY).slice(0, 20))
    },
  )

  test('also when a page has no header and its bytes are damaged', async () => {
    const result = await repaired(true, directory => {
      patch(pageFile(directory, 1), 0, new Uint8Array(4096))
      flip(pageFile(directory, 1), slotAt(200) + 20)
    })
    expectKept(result, CAPACITY + 200, [{ page: 1, slot: 200 }, { page: 2 }, { page: 3 }])
    expect(result.report.lostSlots).toBe(3600 - CAPACITY - 200)
  })
})

describe('salvage', () => {
  test('keeps each run of good pages in a separate journal, with the same positions', async () => {
    const { report, before, directory } = await repaired(true, at => flip(pageFile(at, 1), slotAt(300) + 30), {
      salvage: true,
    })
    expect(
      report.copies.map(({ path, firstPosition, endPosition }) => [
        path.slice(directory.length),
        firstPosition,
        endPosition,
      ]),
    ).toEqual([
      ['.repaired', 0, CAPACITY + 300],
      ['.repaired-2', 2 * CAPACITY, 3600],
    ])
    expect(report.lost).toMatchObject([{ page: 1, slot: 300 }])
    expect(report.lostSlots).toBe(CAPACITY - 300)
    expect(framesOf(`${directory}.repaired-2`)).toEqual(before.filter(frame => frame.position >= 2 * CAPACITY))
  })

  test('makes no further copy when nothing is damaged, or no good page follows', async () => {
    expect((await repaired(false, () => {}, { salvage: true })).report.copies).toHaveLength(1)
    expect(
      (await repaired(false, directory => patch(pageFile(directory, 3), slotAt(12) + 2, [0]), { salvage: true })).report
        .copies,
    ).toHaveLength(1)
  })
})

describe('schema.json', () => {
  test('damaged in one definition: the others are kept, and the frames of all', async () => {
    const { report, copy, before } = await repaired(false, directory =>
      rewrite(schemaOf(directory), text => text.replace('"name": "Note"', '"name": "No"te"')),
    )
    expect(report).toMatchObject({ schema: 'rebuilt', lostTypes: [2], complete: false, lost: [] })
    expect(
      framesOf(copy)
        .slice(0, before.length)
        .filter(({ type }) => type === 1),
    ).toEqual(before.filter(({ type }) => type === 1))
  })

  test('truncated: complete definitions are kept', async () => {
    const { report } = await repaired(false, directory =>
      truncateSync(schemaOf(directory), statSync(schemaOf(directory)).size - 5),
    )
    expect(report).toMatchObject({ schema: 'rebuilt', lostTypes: [], complete: true })
  })

  test('lost: frames stay readable as unknown types, and a writer adds the definitions again', async () => {
    const directory = join(makeFolder('memory'), 'j')
    await makeJournal(directory, 3000)
    const before = framesOf(directory)
    writeFileSync(schemaOf(directory), 'x'.repeat(500))
    const report = await repair(directory)
    expect(report).toMatchObject({ schema: 'lost', lostTypes: [1, 2], complete: false, lost: [] })
    const copy = `${directory}.repaired`
    const verified = await verify(copy)
    expect(verified.sound).toBe(true)
    expect(verified.notes).toHaveLength(8) // four pages with two types each
    expect(framesOf(copy).map(({ position, type }) => [position, type])).toEqual(
      before.map(({ position, type }) => [position, type]),
    )
    {
      using writer = Writer.open(copy)
      fill(writer, 10)
    }
    expect(framesOf(copy).slice(0, before.length)).toEqual(before)
    expect((await verify(copy)).sound).toBe(true)
  })

  test('from another journal: it is kept, and reported as doubtful', async () => {
    const directory = join(makeFolder('memory'), 'j')
    await makeJournal(directory, 3000)
    rewrite(schemaOf(directory), text => text.replace('"price"', '"prize"'))
    expect(await repair(directory)).toMatchObject({ schema: 'doubtful', complete: false, lost: [] })
    expect((await verify(`${directory}.repaired`)).sound).toBe(true)
  })

  test('is used even if its writer died while it wrote the file', async () => {
    const { report } = await repaired(false, directory => {
      cpSync(schemaOf(directory), `${schemaOf(directory)}.tmp`)
      truncateSync(schemaOf(directory), 0)
    })
    expect(report).toMatchObject({ schema: 'rebuilt', lostTypes: [], complete: true })
  })
})

describe('named readers', () => {
  test('continue where they were, or at the end of the copy', async () => {
    const { report } = await repaired(false, directory => {
      leaveReaders(directory)
      patch(pageFile(directory, 1), slotAt(500) + 2, [0])
    })
    expect(report.readers).toEqual([
      { name: 'early', position: 12 },
      { name: 'late', position: CAPACITY + 500 },
    ])
  })

  test('are kept when the header of the control file is damaged', async () => {
    const { report, copy } = await repaired(false, directory => {
      leaveReaders(directory)
      patch(join(directory, 'control'), 0, new Uint8Array(4096))
    })
    expect(report.readers).toHaveLength(2)
    using reader = Reader.open(copy, { from: { name: 'late' } })
    expect(reader.position).toBe(3 * CAPACITY + 6)
  })
})

describe('repair does not', () => {
  test('change a journal that has a writer', async () => {
    const directory = join(makeFolder('memory'), 'j')
    using _ = Writer.open(directory, { pageSize: 64 * 1024 })
    await expect(repair(directory)).rejects.toMatchObject({ code: 'ERR_WRITER_LOCKED', holder: { pid: process.pid } })
    expect(ticktape('repair', directory).status).toBe(2)
    expect(existsSync(`${directory}.repaired`)).toBe(false)
  })

  test('overwrite an existing file', async () => {
    const directory = join(makeFolder('memory'), 'j')
    await makeJournal(directory, 10)
    mkdirSync(`${directory}.repaired`)
    await expect(repair(directory)).rejects.toMatchObject({ code: 'ERR_REPAIR', path: `${directory}.repaired` })
    expect(readdirSync(`${directory}.repaired`)).toEqual([])
    await expect(repair(directory, { to: directory })).rejects.toMatchObject({ code: 'ERR_REPAIR' })
  })

  test('create a copy without frames', async () => {
    const directory = join(makeFolder('memory'), 'j')
    await makeJournal(directory, 10)
    writeFileSync(pageFile(directory, 0), new Uint8Array(64 * 1024))
    await expect(repair(directory)).rejects.toMatchObject({ code: 'ERR_REPAIR' })
    expect(ticktape('repair', directory)).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/^ERR_REPAIR: nothing of/) as string,
    })
    expect(readdirSync(join(directory, '..'))).toEqual(['j'])
  })

  test('leave any file behind when there is no space', async () => {
    const directory = join(makeFolder('memory'), 'j')
    await makeJournal(directory, 3000)
    const command = fileURLToPath(new URL('../../../dist/cli/main.js', import.meta.url))
    // Files of at most 100 blocks of 512 bytes: smaller than a page.
    const { status, stderr } = spawnSync(
      'sh',
      ['-c', `ulimit -f 100; exec "${process.execPath}" "${command}" repair "${directory}"`],
      { encoding: 'utf8' },
    )
    expect(stderr).toMatch(/^ERR_JOURNAL_FULL: [^\n]+\n$/)
    expect(status).toBe(2)
    expect(readdirSync(join(directory, '..'))).toEqual(['j'])
  })

  test('repair a directory that is not a journal', () => {
    const folder = makeFolder()
    writeFileSync(join(folder, 'x'), '')
    expect(ticktape('repair', folder)).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/^ERR_NOT_A_JOURNAL/) as string,
    })
    expect(ticktape('repair', join(folder, 'none')).status).toBe(2)
  })
})

test('the command reports what it did, also in its exit code', async () => {
  const directory = join(makeFolder('memory'), 'j')
  await makeJournal(directory, 3000)
  const sound = ticktape('repair', directory, '--to', `${directory}-a`)
  expect(sound).toMatchObject({ status: 0, stderr: '', stdout: expect.stringContaining('nothing was lost') as string })
  patch(pageFile(directory, 1), slotAt(500) + 2, [0])
  const report = ticktape('repair', directory, '--to', `${directory}-b`, '--salvage')
  expect(report.status).toBe(1)
  expect(report.stdout).toContain('slot 500')
  expect(report.stdout).toContain(`${directory}-b-2: `)
  const { copies } = JSON.parse(ticktape('repair', directory, '--json').stdout) as RepairReport
  expect(copies).toMatchObject([{ path: `${directory}.repaired`, endPosition: CAPACITY + 500 }])
  for (const copy of [`${directory}-a`, `${directory}-b`, `${directory}-b-2`])
    expect(ticktape('verify', copy).status).toBe(0)
})

test('a second repair gives the same result', async () => {
  const { copy } = await repaired(true, directory => flip(pageFile(directory, 1), slotAt(300) + 30))
  const frames = framesOf(copy)
  expect(await repair(copy)).toMatchObject({ complete: true })
  expect(framesOf(`${copy}.repaired`)).toEqual(frames)
})

test('whatever bytes are changed, a copy is sound and has only frames that were written, or no copy is created', async () => {
  const directory = join(makeFolder('memory'), 'j')
  await makeJournal(directory, 1500, true)
  const before = new Map(framesOf(directory).map(frame => [frame.position, frame]))
  let random = 54321
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
  const codes: string[] = []
  let wrong = 0
  for (let round = 0; round < 60; round++) {
    const file = files[next(files.length)]
    const offset = next(next(2) === 0 ? 600 : statSync(file).size)
    const original = peek(file, offset, 1)
    patch(file, offset, [next(256)])
    try {
      const report = await repair(directory)
      if (!(await verify(`${directory}.repaired`)).sound) wrong++
      const frames = report.schema === 'kept' ? framesOf(`${directory}.repaired`) : []
      wrong += frames.filter(frame => !isDeepStrictEqual(frame, before.get(frame.position))).length
    } catch (error) {
      codes.push(String((error as { code?: string }).code))
    }
    rmSync(`${directory}.repaired`, { recursive: true, force: true })
    patch(file, offset, original)
  }
  expect(wrong).toBe(0)
  expect(codes.filter(code => !code.startsWith('ERR_'))).toEqual([])
  expect(codes.length).toBeLessThan(10)
})
