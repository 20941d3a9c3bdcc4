/** Behaviour between processes: waking, locks, and the files of a process that was killed. */
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { start } from './children.mjs'
import { Count } from './frames.mjs'
import { on, Reader, verify, Writer } from './library.mjs'

const FRAMES = 20_000

export async function a_reader_asleep_in_the_event_loop_gets_all_frames_of_another_process(path) {
  await readAll(path, 'event-loop')
}

export async function a_reader_asleep_in_its_thread_gets_all_frames_of_another_process(path) {
  await readAll(path, 'park')
}

export async function a_spinning_reader_gets_all_frames_of_another_process(path) {
  await readAll(path, 'spin')
}

async function readAll(path, wait) {
  const reading = Reader.whenReady(path)
  const child = start('write', path, FRAMES)
  const reader = await reading
  const controller = new AbortController()
  let next = 0
  const handlers = on(Count, frame => {
    assert.equal(frame.n, next)
    assert.equal(frame.text, 'of a child')
    if (++next === FRAMES) controller.abort()
  })
  await reader.run(handlers, { wait, signal: controller.signal })
  reader.close()
  assert.deepEqual(await child.end(), { code: 0, signal: null })
}

export async function a_frame_now_and_then_wakes_a_reader_in_another_process(path) {
  const writer = Writer.open(path)
  const child = start('read', path, 20)
  for (let n = 0; n < 20; n++) {
    writer.write(Count, { n, text: '' })
    await sleep(30)
  }
  assert.equal(await child.said(), 190)
  assert.deepEqual(await child.end(), { code: 0, signal: null })
  writer.close()
}

export async function what_a_killed_writer_published_is_there_and_the_next_one_goes_on(path) {
  let expected = 0
  for (let life = 0; life < 3; life++) {
    const child = start('writeForEver', path)
    await child.said()
    await sleep(100)
    await assert.rejects(async () => Writer.open(path, { pageSize: 65536 }), { code: 'ERR_WRITER_LOCKED' })
    child.kill('SIGKILL')
    assert.equal((await child.end()).signal, 'SIGKILL')
    const found = countRuns(path)
    assert(found >= expected + 1000, `${found} frames after ${expected}`)
    expected = found
    assert.equal((await verify(path)).sound, true)
  }
  Writer.open(path, { pageSize: 65536 }).close()
  assert.equal(countRuns(path), expected)
}

/** Counts the frames. Those of each writer begin at 0 and have no gap. */
function countRuns(path) {
  const reader = Reader.open(path, { from: 'start' })
  let last = -1
  let frames = 0
  const handlers = on(Count, frame => {
    assert(frame.n === last + 1 || frame.n === 0, `${frame.n} after ${last}`)
    last = frame.n
    frames++
  })
  while (reader.poll(handlers) > 0);
  reader.close()
  return frames
}
