/**
 * The content that a disk may have of one journal's directory when the machine loses power.
 *
 * Two states of each file are known. The first is its content at the last sync, from the log that the addon for crash tests writes, and
 * from calls of node:fs, which are recorded here. The second is its content now. For every block of 4 KiB that was written since the last
 * sync, the disk may have either state. Changes of names reach the disk in their order, but it is not known how many of them did.
 */
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import path from 'node:path'

const BLOCK = 4096
const real = { ...fs }

/** From now on renames, removals and syncs of node:fs are written into the addon's log. */
export function watchFileSystem(logFile) {
  const log = real.openSync(logFile, 'a')
  const append = (entry, bytes = Buffer.alloc(0)) =>
    real.writeSync(log, Buffer.concat([Buffer.from(`${JSON.stringify(entry)}\n`), bytes]))
  fs.openSync = (file, flags, mode) => {
    const fd = real.openSync(file, flags, mode)
    if (flags === 'wx') append({ created: file, size: 0 })
    return fd
  }
  fs.renameSync = (from, to) => {
    real.renameSync(from, to)
    append({ renamed: from, to })
  }
  fs.rmSync = (file, options) => {
    const stat = real.lstatSync(file, { throwIfNoEntry: false })
    const bytes = stat?.isFile() ? real.readFileSync(file) : Buffer.alloc(0)
    real.rmSync(file, options)
    if (stat?.isFile()) append({ removed: file, length: bytes.length }, bytes)
  }
  fs.fsyncSync = fd => {
    const file = real.readlinkSync(`/proc/self/fd/${fd}`)
    const isDirectory = real.fstatSync(fd).isDirectory()
    const bytes = isDirectory ? Buffer.alloc(0) : real.readFileSync(file)
    real.fsyncSync(fd)
    append(isDirectory ? { directorySynced: file } : { synced: file, offset: 0, length: bytes.length }, bytes)
  }
  syncBuiltinESMExports()
}

/** The log of the addon. It is read while it grows. */
export class SyncLog {
  offset = 0
  constructor(file) {
    this.file = file
  }

  get size() {
    return real.statSync(this.file).size
  }

  /** The lines that were added since the last call. */
  read() {
    const size = this.size
    const fd = real.openSync(this.file, 'r')
    const bytes = Buffer.alloc(size - this.offset)
    real.readSync(fd, bytes, 0, bytes.length, this.offset)
    real.closeSync(fd)
    const entries = []
    let at = 0
    while (at < bytes.length) {
      const line = bytes.indexOf(10, at)
      if (line < 0) break
      const entry = JSON.parse(bytes.toString('utf8', at, line))
      const end = line + 1 + (entry.length ?? 0)
      if (end > bytes.length) break
      if (entry.length !== undefined) entry.bytes = bytes.subarray(line + 1, end)
      at = end
      entries.push(entry)
    }
    // The last entry may be incomplete: then it is read the next time.
    this.offset += at
    return entries
  }
}

export class Disk {
  /** Name → file, as of the last sync of the directory. */
  names = new Map()
  /** Changes of names since then. */
  pending = []

  constructor(directory) {
    this.directory = directory
  }

  /** A disk that has the complete directory as it is now. */
  static of(directory) {
    const disk = new Disk(directory)
    for (const name of real.readdirSync(directory)) {
      disk.names.set(name, { promised: real.readFileSync(path.join(directory, name)), now: undefined, size: 0 })
    }
    return disk
  }

  /** The same files in another directory: earlier promises still hold. */
  movedTo(directory) {
    const disk = new Disk(directory)
    disk.names = this.names
    disk.pending = this.pending
    return disk
  }

  /** All names as they are now. */
  current() {
    return namesAfter(this.names, this.pending)
  }

  apply(entries) {
    for (const entry of entries) {
      const target = entry.created ?? entry.synced ?? entry.renamed ?? entry.removed ?? entry.directorySynced
      if (entry.directorySynced !== undefined) {
        if (target !== this.directory) continue
        this.names = this.current()
        this.pending = []
        continue
      }
      if (path.dirname(target) !== this.directory) continue
      const name = path.basename(target)
      if (entry.created !== undefined) {
        this.pending.push({ add: name, file: { promised: undefined, now: undefined, size: entry.size } })
      } else if (entry.renamed !== undefined) {
        this.pending.push({ rename: name, to: path.basename(entry.to) })
      } else if (entry.removed !== undefined) {
        const file = this.current().get(name)
        if (file !== undefined) file.now = Buffer.from(entry.bytes)
        this.pending.push({ remove: name })
      } else {
        this.sync(this.current().get(name), entry)
      }
    }
  }

  sync(file, { offset, bytes }) {
    if (file === undefined) throw new Error('a file was synced that was never created')
    const size = Math.max(file.size, offset + bytes.length)
    // The blocks of a new file were allocated and not written: they read as zeros.
    const promised = Buffer.alloc(Math.max(size, file.promised?.length ?? 0))
    file.promised?.copy(promised)
    Buffer.from(bytes).copy(promised, offset)
    file.promised = promised
  }

  /**
   * Stores the content of every file now; false if a file was renamed meanwhile. Reads later pages first, so that an earlier page is never
   * older than a later one.
   */
  snapshot() {
    for (const [name, file] of [...this.current()].sort(([a], [b]) => (a < b ? 1 : -1))) {
      const place = path.join(this.directory, name)
      try {
        file.now = real.readFileSync(place)
      } catch (error) {
        if (error.code === 'ENOENT') return false
        throw error
      }
    }
    return true
  }

  /** Creates `target`: a directory that the disk may have after power loss. */
  image(target, random) {
    real.mkdirSync(target, { mode: 0o700 })
    const names = namesAfter(this.names, this.pending.slice(0, random.between(0, this.pending.length)))
    // "All old" and "all new" are the most probable on a real machine, so they are frequent here.
    const newer = random.pick([0, 1, 0.5, random.real(), random.real()])
    for (const [name, file] of names) {
      const bytes = blend(file, newer, random)
      real.writeFileSync(path.join(target, name), bytes, { mode: 0o600 })
    }
    // The lock's text is never synced.
    const lock = path.join(this.directory, 'writer.lock')
    const fate = random.below(3)
    if (fate > 0 && real.existsSync(lock))
      real.writeFileSync(path.join(target, 'writer.lock'), fate === 1 ? '' : real.readFileSync(lock), { mode: 0o600 })
  }

  /** Copies the directory as it is now to `target`; false if a file was renamed meanwhile. */
  copyTo(target) {
    try {
      real.cpSync(this.directory, target, { recursive: true })
      return true
    } catch (error) {
      if (error.code === 'ENOENT') return false
      throw error
    }
  }
}

function namesAfter(names, changes) {
  const after = new Map(names)
  for (const { add, file, rename, to, remove } of changes) {
    if (add !== undefined) after.set(add, file)
    if (rename !== undefined) {
      after.set(to, after.get(rename))
      after.delete(rename)
    }
    if (remove !== undefined) after.delete(remove)
  }
  return after
}

/** A file in which each block is either that of the last sync or the current one. */
function blend({ promised, now, size }, newer, random) {
  const latest = now ?? promised ?? Buffer.alloc(size)
  if (promised === undefined && random.chance(0.3)) return Buffer.alloc(random.chance(0.5) ? 0 : latest.length)
  const older = promised ?? Buffer.alloc(latest.length)
  const bytes = Buffer.alloc(Math.max(older.length, promised === undefined ? latest.length : 0, latest.length))
  older.copy(bytes)
  for (let at = 0; at < latest.length; at += BLOCK) {
    if (random.chance(newer)) latest.copy(bytes, at, at, Math.min(at + BLOCK, latest.length))
  }
  return bytes
}
