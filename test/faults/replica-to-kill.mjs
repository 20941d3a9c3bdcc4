/** Applies all runs of a source to its replica, from the first one on. Arguments: the replica, the source, the replica's durability. */
import fs from 'node:fs'
import path from 'node:path'
import { Schema } from '../../dist/frames/schema.js'
import { ReplicaWriter } from '../../dist/journal/replicate/replica-writer.js'
import { RunReader } from '../../dist/journal/replicate/run-reader.js'

const [replica, source, durability] = process.argv.slice(2)
const reader = RunReader.open(source, { from: 'start' })
const writer = ReplicaWriter.open(
  replica,
  { source: 'ab'.repeat(16), ...reader.kind, firstPosition: 0 },
  { durability },
)
writer.addDefinitions(Schema.parse(fs.readFileSync(path.join(source, 'schema.json'), 'utf8'), source).definitions)
for (let run = reader.next(3000); run !== undefined; run = reader.next(3000)) writer.append(run)
await writer.flush()
writer.close()
reader.close()
