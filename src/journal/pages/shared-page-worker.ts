import type { PageWorker } from '../../native/addon.js'
import { native } from '../../native/index.js'

let worker: PageWorker | undefined
let users = 0

/** The one thread that maps pages ahead for all readers of this environment. It starts with the first reader and ends with the last. */
export function borrowPageWorker(): PageWorker {
  users++
  worker ??= new native.PageWorker()
  return worker
}

export function returnPageWorker(): void {
  users--
  if (users > 0) return
  worker?.close()
  worker = undefined
}
