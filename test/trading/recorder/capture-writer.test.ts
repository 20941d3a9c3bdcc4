import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { CaptureFeed, CaptureWriter } from 'ticktape/runtime'
import { expect, test } from 'vitest'
import { realData, textIn } from '../../support/captures.ts'
import { startChild } from '../../support/child.ts'
import { failureOf } from '../../support/failures.ts'
import { makeFolder } from '../../support/folders.ts'
import { mountMemory, noMemoryMounts } from '../../support/mounts.ts'

/** 2024-08-08 23:59:50 UTC, in ns. */
const EVENING = 1_723_161_590_000_000_000n

function capturesIn(directory: string): string[] {
  return readdirSync(directory)
    .filter(name => name.endsWith('.gz'))
    .toSorted()
}

/** All lines of a recording, unpacked by code that is not ours. */
function linesIn(directory: string): string[] {
  return capturesIn(directory).flatMap(name =>
    gunzipSync(readFileSync(join(directory, name)))
      .toString()
      .split('\n')
      .filter(line => line !== ''),
  )
}

function open(directory: string, maxBytes?: number): CaptureWriter {
  return CaptureWriter.open(directory, { name: 'test', maxBytes })
}

test('what is recorded is a capture: the same lines, byte by byte, and the same events', {
  timeout: 30_000,
}, async context => {
  const file = realData(context, 'spot_btcusdt_20240808.gz')
  const directory = makeFolder()
  const lines = textIn(file).trimEnd().split('\n')
  {
    using writer = open(directory)
    for (const line of lines) {
      const space = line.indexOf(' ')
      writer.write(line.slice(space + 1), BigInt(line.slice(0, space)))
    }
    expect(writer.messages).toBe(lines.length)
  }
  expect(capturesIn(directory)).toEqual(['test-20240808-0001.gz'])
  expect(linesIn(directory).join('\n') === lines.join('\n')).toBe(true)
  let events = 0
  for await (const batch of new CaptureFeed(join(directory, 'test-20240808-0001.gz')).events(0)) events += batch.length
  expect(events).toBe(28_040 + 9757)
})

test('a file ends at its size, and at the end of a day; a clock that steps back ends none', () => {
  const directory = makeFolder()
  {
    using writer = open(directory, 200)
    for (let i = 0; i < 3; i++) {
      writer.write(
        `{"n":${i},"random":"${'abcdefghij'.repeat(i)}${Math.random()}${Math.random()}"}`,
        EVENING + BigInt(i),
      )
      writer.flush()
      writer.write(`{"n":${i}.5,"random":"${Math.random()}${Math.random()}${Math.random()}"}`, EVENING + BigInt(i))
      writer.flush()
    }
    writer.write('{"n":"next day"}', EVENING + 10_000_000_000n)
    writer.write('{"n":"a step back"}', EVENING)
    writer.write('{"n":"after\\nit"}\n', EVENING + 10_000_000_001n)
  }
  const names = capturesIn(directory)
  expect(names.filter(name => name.includes('20240808')).length).toBeGreaterThan(1)
  expect(names.at(-1)).toBe('test-20240809-0001.gz')
  expect(linesIn(directory).slice(-3)).toEqual([
    '1723161600000000000 {"n":"next day"}',
    '1723161590000000000 {"n":"a step back"}',
    '1723161600000000001 {"n":"after\\nit"} ',
  ])
  expect(linesIn(directory)).toHaveLength(9)
})

test('another writer continues in the same file, and knows when the last message was received', () => {
  const directory = makeFolder()
  {
    using first = open(directory)
    expect(first.last).toBeUndefined()
    first.write('{"n":1}', EVENING)
  }
  {
    using second = open(directory)
    expect(second.last).toBe(EVENING)
    expect(second.path).toBe(join(directory, 'test-20240808-0001.gz'))
    second.write('{"n":2}', EVENING + 1n)
  }
  expect(linesIn(directory)).toEqual([`${EVENING} {"n":1}`, `${EVENING + 1n} {"n":2}`])
  expect(capturesIn(directory)).toHaveLength(1)
})

test('after SIGKILL all that was flushed is there, and the next writer continues', async () => {
  const directory = makeFolder()
  const child = startChild(
    `const { CaptureWriter } = await import('ticktape/runtime')
     const writer = CaptureWriter.open(dir, { name: 'test' })
     for (let n = 0; ; n++) {
       writer.write(JSON.stringify({ n, text: 'x'.repeat(n % 500) }), ${EVENING}n + BigInt(n))
       if (n % 100 === 99) { writer.flush(); say(n + 1); await sleep(0) }
     }`,
    [directory],
  )
  for (let i = 0; i < 20; i++) await child.hear()
  await child.kill('SIGKILL')
  const { said } = await child.end()
  const flushed = said.at(-1) as number
  {
    using writer = open(directory)
    writer.write('{"n":"after"}', EVENING * 1n + 10_000n * 1_000n)
  }
  const lines = linesIn(directory)
  expect(lines.length - 1).toBeGreaterThanOrEqual(flushed)
  const numbers = lines.slice(0, -1).map(line => (JSON.parse(line.slice(line.indexOf(' '))) as { n: number }).n)
  expect(numbers).toEqual(numbers.map((_, i) => i))
  expect(lines.at(-1)).toContain('"after"')
  expect(capturesIn(directory)).toHaveLength(1)
})

test('a part of a block at the end is removed; a complete block that the state does not know is kept', () => {
  const directory = makeFolder()
  const file = join(directory, 'test-20240808-0001.gz')
  const block = (n: number): Buffer => gzipSync(`${EVENING + BigInt(n)} {"n":${n}}\n`)
  {
    using writer = open(directory)
    writer.write('{"n":0}', EVENING)
  }
  const size = statSync(file).size
  appendFileSync(file, block(1).subarray(0, 20))
  // The damage is real: a reader that unpacks the file fails.
  expect(() => linesIn(directory)).toThrow(/unexpected end of file/)
  open(directory).close()
  expect(statSync(file).size).toBe(size)

  appendFileSync(file, block(2))
  {
    using writer = open(directory)
    expect(writer.last).toBe(EVENING + 2n)
    writer.write('{"n":3}', EVENING + 3n)
  }
  expect(linesIn(directory)).toEqual([0, 2, 3].map(n => `${EVENING + BigInt(n)} {"n":${n}}`))
})

test('a file that has less than was recorded, as after a power loss, stays as it is: another one begins', () => {
  const directory = makeFolder()
  {
    using writer = open(directory)
    writer.write('{"n":0}', EVENING)
  }
  const file = join(directory, 'test-20240808-0001.gz')
  writeFileSync(file, readFileSync(file).subarray(0, 10))
  {
    using writer = open(directory)
    writer.write('{"n":1}', EVENING + 1n)
  }
  expect(statSync(file).size).toBe(10)
  expect(textIn(join(directory, 'test-20240808-0002.gz'))).toBe(`${EVENING + 1n} {"n":1}\n`)
})

test.each(['', 'no JSON', '{}', '{"file":"../other","bytes":1,"last":"1"}', '{"file":"x","bytes":"1","last":"1"}'])(
  'a state that is none (%j) begins another file',
  text => {
    const directory = makeFolder()
    writeFileSync(join(directory, 'recording.json'), text)
    writeFileSync(join(directory, 'test-20240808-0007.gz'), gzipSync('1 {}\n'))
    {
      using writer = open(directory)
      writer.write('{}', EVENING)
      expect(writer.path).toBe(join(directory, 'test-20240808-0008.gz'))
    }
    expect(existsSync(join(directory, '..', 'other'))).toBe(false)
  },
)

test('files of this recording from before the last days are removed when another begins, and no other file', () => {
  const directory = makeFolder()
  const own = ['test-20240803-0001.gz', 'test-20240806-0001.gz', 'test-20240807-0002.gz', 'test-20231231-0001.gz']
  const others = [
    'test-20240101.gz',
    'test-20240101-0001.gz.bak',
    'other-20240101-0001.gz',
    'my-test-20240101-0001.gz',
    'notes',
  ]
  for (const name of [...own, ...others]) writeFileSync(join(directory, name), '')
  open(directory).close()
  const files = (): string[] => readdirSync(directory).filter(name => !name.startsWith('recording.'))
  expect(files().toSorted()).toEqual([...own, ...others].toSorted())
  {
    using writer = CaptureWriter.open(directory, { name: 'test', keepDays: 2 })
    writer.write('{}', EVENING)
  }
  expect(files().toSorted()).toEqual([...others, 'test-20240807-0002.gz', 'test-20240808-0001.gz'].toSorted())
})

test('two writers of one directory: the second is refused; after the first has closed it is not', () => {
  const directory = makeFolder()
  const first = open(directory)
  expect(failureOf(() => open(directory))).toMatchObject({ code: 'ERR_RECORDING_BUSY', path: directory })
  first.close()
  first.close()
  open(directory).close()
  expect(failureOf(() => first.write('{}', 1n))).toMatchObject({ code: 'ERR_CLOSED' })
})

test('wrong options and messages are refused', () => {
  const directory = makeFolder()
  expect(failureOf(() => CaptureWriter.open(directory, { name: '../x' }))).toMatchObject({ code: 'ERR_INVALID_OPTION' })
  expect(failureOf(() => CaptureWriter.open(directory, { maxBytes: 0 }))).toMatchObject({ code: 'ERR_INVALID_OPTION' })
  using writer = open(directory)
  for (const time of [-1n, 2n ** 63n, 5 as never])
    expect(failureOf(() => writer.write('{}', time))).toMatchObject({ code: 'ERR_INVALID_OPTION' })
  expect(capturesIn(directory)).toEqual([])
})

test.skipIf(noMemoryMounts !== undefined)(
  'a full disk is an error; the file stays sound, and the next try continues',
  () => {
    const directory = join(mountMemory(64), 'recording')
    mkdirSync(directory)
    const ballast = join(directory, 'ballast')
    writeFileSync(ballast, Buffer.alloc(40 * 1024))
    using writer = open(directory)
    writer.write('{"n":0}', EVENING)
    writer.flush()
    // Random digits do not compress to less than half.
    const digits = Array.from({ length: 4000 }, () => Math.random()).join('')
    writer.write(`{"n":1,"digits":"${digits}"}`, EVENING + 1n)
    expect(failureOf(() => writer.flush())).toMatchObject({ code: 'ERR_JOURNAL_FULL' })
    expect(linesIn(directory)).toEqual([`${EVENING} {"n":0}`])
    writeFileSync(ballast, '')
    writer.flush()
    expect(linesIn(directory)).toEqual([`${EVENING} {"n":0}`, `${EVENING + 1n} {"n":1,"digits":"${digits}"}`])
  },
)

test('a recorder whose directory was removed says so, and does not touch what another one records there', () => {
  const directory = join(makeFolder(), 'recording')
  const old = open(directory)
  old.write('{"a":1}', EVENING)
  old.flush()
  rmSync(directory, { recursive: true })
  {
    using other = open(directory)
    for (let i = 0; i < 5000; i++) other.write(`{"b":${i}}`, EVENING + BigInt(i))
  }
  old.write('{"a":2}', EVENING + 1n)
  for (const act of [() => old.flush(), () => old.close()])
    expect(failureOf(act)).toMatchObject({ code: 'ERR_RECORDING_REPLACED', path: directory })
  {
    using next = open(directory)
    next.write('{"c":1}', EVENING + 5000n)
  }
  expect(linesIn(directory)).toHaveLength(5001)
  // One that has written nothing yet creates nothing either.
  const second = join(makeFolder(), 'recording')
  const idle = open(second)
  rmSync(second, { recursive: true })
  expect(failureOf(() => idle.write('{}', EVENING))).toMatchObject({ code: 'ERR_RECORDING_REPLACED' })
  idle.close()
  expect(existsSync(second)).toBe(false)
})
