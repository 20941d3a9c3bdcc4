import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { startChild } from '../../support/child.ts'
import { journalPath, openReader, readNumbers, upTo } from '../../support/open.ts'
import { skipUnless } from '../../support/skips.ts'

const LIMITED = `
import { closeSync, openSync } from 'node:fs'
const writer = Writer.open(dir, { pageSize: 65536, frames: [Count] })
const reader = Reader.open(dir)
const handlers = on(Count, f => f.n)
// Uses everything once, because what is loaded late may also need a file.
for (let n = 0; n < 3000; n++) writer.write(Count, { n })
let handled = 0
while (handled < 3000) handled += reader.poll(handlers)
say('ready'); await line()

const files = []
const take = () => { try { for (;;) files.push(openSync('/dev/null')) } catch (error) { return error.code } }
const give = () => { while (files.length > 0) closeSync(files.pop()) }
const codeOf = body => { try { body(); return 'none' } catch (error) { return [error.code, error.systemCode ?? ''] } }

const opens = [() => Reader.open(dir), () => Writer.open(dir), () => Writer.open(dir + '-other'), () => MergedReader.open([dir, dir])]
say([take(), ...opens.map(codeOf)])

// The writer releases a page before it creates the next one, so it continues. A reader needs the next page while it has the last one.
let n = 3000
const written = codeOf(() => { for (; n < 6000; n++) writer.write(Count, { n }) })
// What the writer has released meanwhile, a reader must not get.
take()
const polled = codeOf(() => { while (handled < n) handled += reader.poll(handlers) })
say([written, polled, reader.position === handled])

give()
for (; n < 9000; n++) writer.write(Count, { n })
while (handled < 9000) handled += reader.poll(handlers)
Reader.open(dir).close()
say([writer.position, reader.position])
`

const noPrlimit = spawnSync('prlimit', ['--version']).error !== undefined

describe.skipIf(skipUnless(!noPrlimit, 'what happens when no more files can be opened', 'prlimit is not installed'))(
  'when no more files can be opened',
  () => {
    it('every call that opens a file throws a named error, and works again later; no frame is lost', async () => {
      const path = journalPath()
      const child = startChild(LIMITED, [path])
      await child.hear()
      expect(spawnSync('prlimit', [`--pid=${child.pid}`, '--nofile=80:80']).status).toBe(0)
      child.tell()
      const refused = ['ERR_SYSTEM', 'EMFILE']
      expect(await child.hear()).toEqual(['EMFILE', refused, refused, refused, refused])
      expect(await child.hear()).toEqual(['none', refused, true])
      expect(await child.hear()).toEqual([9000, 9000])
      expect(readNumbers(openReader(path))).toEqual(upTo(9000))
    })
  },
)
