/**
 * Records which syncs a writer requests, with the addon for crash tests, which logs them and can make them fail. Arguments: the name of a
 * scenario, and a journal's directory. Prints one line of JSON.
 */
import fs from 'node:fs'
import { createRequire } from 'node:module'
import { setTimeout as sleep } from 'node:timers/promises'
import { SyncLog, watchFileSystem } from './disk.mjs'

const [what, directory] = process.argv.slice(2)
fs.writeFileSync(process.env.TICKTAPE_SYNC_LOG, '')
watchFileSystem(process.env.TICKTAPE_SYNC_LOG)
const { Reader, Writer } = await import('ticktape')
const { writeNumbered, readAllNumbered } = await import('./numbered.mjs')
const { injectFault } = createRequire(import.meta.url)(fs.realpathSync(process.env.TICKTAPE_ADDON))
const log = new SyncLog(process.env.TICKTAPE_SYNC_LOG)
const EIO = 5

/** The names of the files that were synced, created and renamed since the last call. */
function events() {
  return log
    .read()
    .map(entry =>
      entry.synced
        ? `sync ${name(entry.synced)}`
        : entry.renamed
          ? `rename ${name(entry.to)}`
          : entry.directorySynced
            ? `directory ${entry.directorySynced}`
            : '',
    )
}

function name(file) {
  return file.slice(file.lastIndexOf('/') + 1)
}

async function codeOf(promise) {
  try {
    await promise
    return ''
  } catch (error) {
    return error.code
  }
}

const LOOKS = {
  /** Everything that must be on the disk before the first frame can be durable. */
  async newJournal() {
    const writer = Writer.open(directory, { pageSize: 65536, durability: 'commit' })
    writeNumbered(writer, 0)
    await writer.flush()
    const seen = events()
    writer.close()
    return { seen }
  },

  async sharedFlushes() {
    const writer = Writer.open(directory, { pageSize: 65536, durability: 'commit' })
    writeNumbered(writer, 0)
    await writer.flush()
    events()
    const positions = []
    const flushes = []
    for (let n = 1; n <= 100; n++) positions.push(writeNumbered(writer, n))
    for (let i = 0; i < 100; i++) flushes.push(writer.flush())
    const resolved = await Promise.all(flushes)
    const syncs = events().filter(event => event.startsWith('sync 0000000000.page')).length
    writer.close()
    return { flushes: flushes.length, syncs, early: resolved.filter((durable, i) => durable <= positions[i]).length }
  },

  async failedSync() {
    const writer = Writer.open(directory, { pageSize: 65536, durability: 'commit' })
    for (let n = 0; n < 10; n++) writeNumbered(writer, n)
    const durable = await writer.flush()
    injectFault('msync', EIO)
    writeNumbered(writer, 10)
    const failed = await Promise.all([codeOf(writer.flush()), codeOf(writer.flush())])
    injectFault('msync', 0)
    events()
    const again = await codeOf(writer.flush())
    let refused = ''
    try {
      for (let n = 11; n < 2000; n++) writeNumbered(writer, n)
    } catch (error) {
      refused = error.code
    }
    await sleep(50)
    const retried = events().filter(event => event.startsWith('sync 0000000000.page')).length
    const after = writer.durable
    let closed = ''
    try {
      writer.close()
    } catch (error) {
      closed = error.code
    }
    const next = Writer.open(directory, { durability: 'commit' })
    const frames = readAllNumbered(directory).length
    next.close()
    return { durable, failed, again, refused, retried, after, closed, reopened: frames >= 11 }
  },

  /**
   * A sync of the next page's file fails while the page is prepared. The append that needs the page throws an error, and works after the
   * sync works again.
   */
  async failedPage() {
    const writer = Writer.open(directory, { pageSize: 65536, durability: 'commit' })
    await sleep(100)
    let n = 0
    // These are on the first page: the second one was created before the fault.
    while (writer.position < 400) writeNumbered(writer, n++)
    injectFault('fsync', EIO)
    let code = ''
    try {
      for (;;) {
        writeNumbered(writer, n)
        n++
      }
    } catch (error) {
      code = error.code
    }
    const position = writer.position
    injectFault('fsync', 0)
    writeNumbered(writer, n++)
    await writer.flush()
    writer.close()
    return { code, pages: Math.floor(position / 960) + 1, frames: readAllNumbered(directory).length === n }
  },

  /** Every reason why there can be no room for a page. */
  async noRoom() {
    const codes = {}
    let n = 0
    for (const [errno, number] of Object.entries({ ENOSPC: 28, EDQUOT: 122, EFBIG: 27, EROFS: 30 })) {
      const writer = Writer.open(directory, { pageSize: 65536, durability: 'process' })
      injectFault('posix_fallocate', number)
      try {
        for (;;) {
          writeNumbered(writer, n)
          n++
        }
      } catch (error) {
        codes[errno] = error.code
      }
      injectFault('posix_fallocate', 0)
      writeNumbered(writer, n++)
      writer.close()
    }
    return { codes, whole: readAllNumbered(directory).length === n }
  },

  async intervalByTime() {
    const writer = Writer.open(directory, { pageSize: 65536, durability: 'interval', syncInterval: 20 })
    writeNumbered(writer, 0)
    const from = performance.now()
    while (writer.durable < writer.position && performance.now() - from < 10_000) await sleep(5)
    const durable = writer.durable
    events()
    await sleep(200)
    const idle = events().length
    writer.close()
    return { durable, idle }
  },

  async intervalByFrames() {
    const writer = Writer.open(directory, {
      pageSize: 1 << 20,
      durability: 'interval',
      syncInterval: 60_000,
      syncFrames: 512,
    })
    for (let n = 0; writer.position < 3000; n++) writeNumbered(writer, n)
    const from = performance.now()
    while (writer.durable === 0 && performance.now() - from < 10_000) await sleep(5)
    const { durable } = writer
    writer.close()
    return { durable }
  },

  async closeSyncs() {
    const writer = Writer.open(directory, { pageSize: 65536, durability: 'interval', syncInterval: 60_000 })
    for (let n = 0; n < 200; n++) writeNumbered(writer, n)
    const end = writer.position
    writer.close()
    const reader = Reader.open(directory, { durable: true })
    const durable = [...reader].length
    reader.close()
    return { end, durable }
  },
}

console.log(JSON.stringify(await LOOKS[what]()))
