import * as fs from 'node:fs'
import * as os from 'node:os'
import * as path from 'node:path'

/** The room, in bytes, that a temporary home may need: with less free memory it is put on disk. */
const ROOM = 512 * 1024 * 1024
const MEMORY = '/dev/shm'

/** A new home directory, in shared memory where there is room; removed at the latest when this process exits. */
export function makeTemporaryHome(name: string): { readonly home: string; remove(): void; leave(): void } {
  const home = fs.mkdtempSync(path.join(hasRoom(MEMORY) ? MEMORY : os.tmpdir(), `ticktape-${name}-`))
  const remove = (): void => {
    process.off('exit', remove)
    fs.rmSync(home, { recursive: true, force: true })
  }
  process.on('exit', remove)
  return { home, remove, leave: () => process.off('exit', remove) }
}

function hasRoom(directory: string): boolean {
  try {
    fs.accessSync(directory, fs.constants.W_OK)
    const { bavail, bsize } = fs.statfsSync(directory)
    return bavail * bsize >= ROOM
  } catch {
    return false // There is no /dev/shm, as on macOS: the disk is used.
  }
}
