import { createHash } from 'node:crypto'
import * as fs from 'node:fs'
import * as os from 'node:os'
import { endWithParent } from '../../runtime/supervision/end-with-parent.js'
import type { FromReplica, ToReplica } from './messages.js'
import { Replica } from './replica.js'
import { Retirement } from './retirement.js'

/**
 * The process that makes a gateway's snapshots. It plays the sequence, and writes what it then knows into a file, which the
 * gateway copies into the sequence. It also retires pages that are not needed any more. Its first argument is the home.
 */

const [, , home] = process.argv
/** How much less of a busy processor it gets than the gateway. Not the lowest priority: then it could fall behind without an end. */
const NICER = 5

let replica: Replica | undefined
let retirement: Retirement | undefined

endWithParent()
// Ctrl-C also reaches the gateway, which ends this process.
process.on('SIGINT', () => {})
process.on('disconnect', () => process.exit())
process.on('message', (request: ToReplica) => {
  try {
    answer(request)
  } catch (error) {
    const { code = '', message } = error as Error & { readonly code?: string }
    say({ kind: 'failed', code, message })
  }
})
os.setPriority(Math.min(19, os.getPriority() + NICER))

function answer(request: ToReplica): void {
  if (request.kind === 'begin') {
    replica = new Replica(home, request.config)
    replica.loadLast()
    if (request.retain !== undefined) retirement = new Retirement(home, request.retain, replica.player)
  } else if (request.kind === 'save' && replica !== undefined) {
    say(save(replica, request.position, request.file))
    retirement?.saved()
  } else if (request.kind === 'complete')
    retirement?.complete().catch((error: unknown) => say({ kind: 'not-retired', message: (error as Error).message }))
}

function save(from: Replica, position: number, file: string): FromReplica {
  from.playTo(position)
  const bytes = from.save()
  fs.writeFileSync(file, bytes, { mode: 0o600 })
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  return { kind: 'saved', position, size: bytes.length, sha256 }
}

function say(message: FromReplica): void {
  if (process.connected) process.send?.(message, () => {})
}
