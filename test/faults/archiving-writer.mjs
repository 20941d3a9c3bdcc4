/**
 * Writes counted frames into a journal whose retention archives, until it has so many. Ends when retention has nothing left to do. Arguments: the
 * journal, the archive, the number of frames.
 */
import fs from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { f64, frame, Writer } from 'ticktape'

const [directory, archive, frames] = process.argv.slice(2)
const Count = frame('Count', 2, { n: f64 })
const CAPACITY = (65536 - 4096) / 64
const writer = Writer.open(directory, { pageSize: 65536, durability: 'process', retain: { pages: 1, archive } })
while (writer.position < Number(frames)) {
  writer.write(Count, { n: writer.position })
  if (writer.position % 480 === 0) await sleep(5)
}
const current = Math.floor((Number(frames) - 1) / CAPACITY)
while (fs.readdirSync(directory).some(name => name.endsWith('.page') && Number.parseInt(name, 10) < current))
  await sleep(5)
writer.close()
