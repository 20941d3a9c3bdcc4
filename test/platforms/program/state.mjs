/** Shared state: the ring between processes, and tables. */
import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { start } from './children.mjs'
import { Count } from './frames.mjs'
import { Counters, LatestValues, on, Ring } from './library.mjs'

const FRAMES = 20_000

export async function a_full_ring_loses_nothing_between_two_processes(path) {
  mkdirSync(path)
  const file = join(path, 'ring')
  const consumer = Ring.open(file, { role: 'consumer', slots: 64 })
  const child = start('produce', file, FRAMES)
  const controller = new AbortController()
  let next = 0
  const handlers = on(Count, frame => {
    assert.equal(frame.n, next)
    if (++next === FRAMES) controller.abort()
  })
  await consumer.run(handlers, { wait: 'event-loop', signal: controller.signal })
  assert.deepEqual(await child.end(), { code: 0, signal: null })
  consumer.close()
}

export function a_ring_is_hot_and_right(path) {
  mkdirSync(path)
  const file = join(path, 'ring')
  const producer = Ring.open(file, { role: 'producer', slots: 16, whenFull: 'fail' })
  const consumer = Ring.open(file, { role: 'consumer' })
  let next = 0
  const handlers = on(Count, frame => {
    assert.equal(frame.n, next)
    next++
  })
  for (let n = 0; n < 100_000; n++) {
    assert(producer.write(Count, { n, text: '' }))
    if (n % 5 === 4) consumer.poll(handlers)
  }
  consumer.poll(handlers)
  assert.equal(next, 100_000)
  producer.close()
  consumer.close()
}

export function latest_values_are_the_latest(path) {
  mkdirSync(path)
  const file = join(path, 'latest')
  const writer = LatestValues.open(file, Count, { capacity: 16 })
  const reader = LatestValues.open(file, Count, { capacity: 16 })
  for (let n = 0; n < 20_000; n++) writer.set(n % 2, { n, text: '' })
  assert.equal(reader.get(0).n, 19_998)
  assert.equal(reader.get(1).n, 19_999)
  reader.close()
  writer.close()
}

export function counters_count(path) {
  mkdirSync(path)
  const file = join(path, 'counters')
  const counters = Counters.open(file)
  const others = Counters.open(file)
  const counter = counters.counter('orders')
  for (let n = 0; n < 50_000; n++) counter.add(1)
  assert.equal(others.counter('orders').value, 50_000)
  others.close()
  counters.close()
}
