import { parentPort, workerData } from 'node:worker_threads'
import { Count } from './frames.mjs'
import { on, Reader } from './library.mjs'

const reader = Reader.open(workerData, { from: 'start' })
let sum = 0
const handlers = on(Count, frame => {
  sum += frame.n
})
while (reader.poll(handlers) > 0);
reader.close()
parentPort.postMessage(sum)
