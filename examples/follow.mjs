// Follows a journal as a named reader: when it is started again, it continues where it stopped. It needs no definitions; the journal has them.
//
//     node examples/follow.mjs DIRECTORY [NAME]
import { existsSync } from 'node:fs'
import { Reader } from 'ticktape'

const [directory, name = 'follower'] = process.argv.slice(2)
if (directory === undefined) {
  console.error('usage: node examples/follow.mjs DIRECTORY [NAME]')
  process.exit(2)
}

const stop = new AbortController()
process.once('SIGINT', () => stop.abort()).once('SIGTERM', () => stop.abort())

if (!existsSync(directory)) console.error(`waiting for ${directory}`)
const reader = await Reader.whenReady(directory, { from: { name }, signal: stop.signal }).catch(error => {
  if (stop.signal.aborted) process.exit(130) // Ctrl-C before there was a journal
  throw error
})
for await (const frame of reader) {
  console.log(frame.position, frame.definition.name, frame.toObject())
}
reader.close()
