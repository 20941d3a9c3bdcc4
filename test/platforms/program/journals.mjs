/** Journals in one process. Each export is a check; its name says what must be true. */
import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, renameSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { Count, Everything, EXTREMES } from './frames.mjs'
import { MergedReader, on, Reader, verify, Writer } from './library.mjs'

const PAGE = { pageSize: 65536 }
/** The size of a page's header. */
const HEADER_SIZE = 4096

export function values_of_every_kind_come_back(path) {
  const writer = Writer.open(path)
  for (const values of EXTREMES) writer.write(Everything, values)
  const reader = Reader.open(path, { from: 'start' })
  const read = []
  reader.poll(on(Everything, frame => read.push(frame.toObject())))
  assert.deepEqual(read, EXTREMES)
  reader.close()
  writer.close()
}

export function the_bytes_are_those_of_the_format(path) {
  const writer = Writer.open(path)
  writer.write(Count, { n: 61800.25, text: 'BTC-USDT' })
  writer.close()
  const page = readFileSync(join(path, '0000000000.page'))
  const view = new DataView(page.buffer, page.byteOffset + HEADER_SIZE)
  assert.equal(view.getUint16(0, true), 1)
  assert.equal(view.getUint8(2), 1)
  const time = Number(view.getBigInt64(8, true) / 1_000_000n)
  assert(Math.abs(Date.now() - time) < 3_600_000, `the time of the frame is ${time}`)
  assert.equal(view.getFloat64(16, true), 61800.25)
  assert.equal(page.toString('latin1', HEADER_SIZE + 24, HEADER_SIZE + 32), 'BTC-USDT')
}

/** A hot loop, because engines compile code that runs often, and compiled loads of readers must still be loads. */
export function what_is_written_is_read_frame_by_frame_over_many_pages(path) {
  const frames = 200_000
  const writer = Writer.open(path, PAGE)
  const reader = Reader.open(path, { from: 'start' })
  let next = 0
  const handlers = on(Count, frame => {
    assert.equal(frame.n, next)
    next++
  })
  for (let n = 0; n < frames; n++) {
    const frame = writer.begin(Count)
    frame.n = n
    writer.commit()
    assert.equal(reader.poll(handlers), 1)
    assert.equal(reader.poll(handlers), 0)
  }
  assert.equal(next, frames)
  reader.close()
  writer.close()
}

export function what_is_begun_and_not_committed_is_never_read(path) {
  const writer = Writer.open(path)
  const reader = Reader.open(path, { from: 'start' })
  const read = []
  const handlers = on(Count, frame => read.push(frame.n))
  writer.begin(Count).n = 1
  assert.equal(reader.poll(handlers), 0)
  writer.abort()
  writer.begin(Count).n = 2
  writer.commit()
  reader.poll(handlers)
  assert.deepEqual(read, [2])
  reader.close()
  writer.close()
}

export function errors_have_their_codes(path) {
  const writer = Writer.open(path)
  assert.throws(() => writer.write(Count, { n: 'text', text: '' }), { code: 'ERR_FIELD_VALUE' })
  assert.throws(() => Writer.open(path), { code: 'ERR_WRITER_LOCKED' })
  assert.throws(() => Reader.open(`${path}-nothing`), { code: 'ERR_JOURNAL_NOT_FOUND' })
  writer.close()
}

export function a_view_is_over_when_its_handler_returns(path) {
  const writer = Writer.open(path)
  writer.write(Count, { n: 1, text: 'kept' })
  const reader = Reader.open(path, { from: 'start' })
  let kept
  reader.poll(on(Count, frame => (kept = frame)))
  assert.throws(() => kept.n, { code: 'ERR_VIEW_EXPIRED' })
  reader.close()
  assert.throws(() => kept.n, { code: 'ERR_VIEW_EXPIRED' })
  writer.close()
}

export async function two_journals_are_read_in_the_order_of_time(path) {
  mkdirSync(path)
  const paths = [join(path, 'a'), join(path, 'b')]
  const writers = paths.map(one => Writer.open(one, PAGE))
  for (let n = 0; n < 3000; n++) writers[(n * 7) % 3 === 0 ? 0 : 1].write(Count, { n, text: '' })
  const merged = MergedReader.open(paths)
  const read = []
  while (merged.poll(on(Count, frame => read.push(frame.n))) > 0);
  assert.equal(read.length, 3000)
  assert.deepEqual(
    read,
    [...read].sort((a, b) => a - b),
  )
  merged.close()
  for (const writer of writers) writer.close()
}

export async function a_durable_journal_is_verified(path) {
  const writer = Writer.open(path, { ...PAGE, durability: 'commit' })
  for (let n = 0; n < 3000; n++) writer.write(Count, { n, text: '' })
  await writer.flush()
  writer.close()
  const report = await verify(path, { deep: true })
  assert.equal(report.sound, true, JSON.stringify(report.findings))
  assert.equal(report.endPosition, 3000)
}

export function a_file_cut_short_under_a_reader_is_an_error_and_the_process_lives(path) {
  const writer = Writer.open(path, PAGE)
  for (let n = 0; n < 100; n++) writer.write(Count, { n, text: '' })
  const reader = Reader.open(path, { from: 'start' })
  truncateSync(join(path, '0000000000.page'), 0)
  assert.throws(
    () => {
      for (let look = 0; look < 1000; look++) reader.poll(on(Count, () => {}))
    },
    { code: 'ERR_CORRUPT_JOURNAL' },
  )
  reader.close()
  try {
    writer.close()
  } catch (error) {
    // Its thread may have found the file that is too short.
    assert.equal(error.code, 'ERR_SYNC_FAILED')
  }
}

export async function a_reader_that_waits_is_told_when_its_journal_is_replaced_and_not_before(path) {
  const writer = Writer.open(path, PAGE)
  const reader = Reader.open(path)
  const handlers = on(Count, () => {})
  const until = performance.now() + 2500
  while (performance.now() < until) {
    for (let look = 0; look < 300; look++) assert.equal(reader.poll(handlers), 0)
    await sleep(20)
  }
  renameSync(path, `${path}-away`)
  await assert.rejects(
    async () => {
      for (;;) {
        for (let look = 0; look < 300; look++) reader.poll(handlers)
        await sleep(20)
      }
    },
    { code: 'ERR_JOURNAL_REPLACED' },
  )
  reader.close()
  try {
    writer.close()
  } catch (error) {
    assert.match(error.code, /^ERR_/, 'it may say by name that its journal is gone')
  }
}

export async function a_worker_thread_reads_too(path) {
  const writer = Writer.open(path, PAGE)
  for (let n = 0; n < 3000; n++) writer.write(Count, { n, text: '' })
  const worker = new Worker(join(import.meta.dirname, 'thread.mjs'), { workerData: path })
  const sum = await new Promise((resolve, reject) => {
    worker.on('message', resolve)
    worker.on('error', reject)
  })
  assert.equal(sum, (3000 * 2999) / 2)
  await worker.terminate()
  writer.close()
}
