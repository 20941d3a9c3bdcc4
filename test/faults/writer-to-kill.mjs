/**
 * A writer that a test will kill. Arguments: the journal, its durability, the number of this writer, how many frames to write (0: until
 * killed), and a file for promises. For each flush that resolved it gets a line with the number of durable frames.
 */
import fs from 'node:fs'
import { setImmediate } from 'node:timers/promises'
import { Writer } from 'ticktape'
import { instrumentOf, readAllNumbered, writeNumbered } from './numbered.mjs'

const [directory, durability, generation, frames, promises] = process.argv.slice(2)
const writer = Writer.open(directory, {
  pageSize: 65536,
  durability,
  syncInterval: durability === 'interval' ? 1 : undefined,
})
writer.addInstruments([instrumentOf(Number(generation))])
let n = readAllNumbered(directory).length
const end = Number(frames) === 0 ? Infinity : n + Number(frames)
const promised = fs.openSync(promises, 'a')
process.stdout.write('ready\n')

for (let round = 0; n < end; round++) {
  if (round % 4 === 0) {
    writer.batch(() => {
      for (let i = 0; i < 20 && n < end; i++) writeNumbered(writer, n++, Number(generation))
    }, 0)
  }
  for (let i = 0; i < 30 && n < end; i++) writeNumbered(writer, n++, Number(generation))
  if (durability !== 'process' && round % 3 === 0) {
    const durable = n
    const flushed = writer.flush().then(() => fs.writeSync(promised, `${durable}\n`))
    if (round % 2 === 0) await flushed
  }
  if (round % 8 === 0) await setImmediate()
}
await writer.flush()
fs.writeSync(promised, `${n}\n`)
writer.close()
