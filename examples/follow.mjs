// Follows a journal by name: started again, it goes on where it was. It needs no definitions, the journal brings its own.
//
//     node examples/follow.mjs DIRECTORY [NAME]
import { Reader } from 'ticktape'

const [directory, name = 'follower'] = process.argv.slice(2)
if (directory === undefined) {
  console.error('usage: node examples/follow.mjs DIRECTORY [NAME]')
  process.exit(2)
}

const stop = new AbortController()
process.once('SIGINT', () => stop.abort()).once('SIGTERM', () => stop.abort())

const reader = await Reader.whenReady(directory, { from: { name }, signal: stop.signal })
for await (const frame of reader) {
  console.log(frame.position, frame.definition.name, frame.toObject())
}
reader.close()
