import * as path from 'node:path'
import { replaceFile } from '../../base/files/replace-file.js'
import { fromSystemError } from '../../base/system-error.js'
import { Writer } from '../../journal/write/writer.js'
import type { Directory } from '../../native/addon.js'
import { native } from '../../native/index.js'
import { retryWhileLocked } from '../../runtime/opening/retry-while-locked.js'
import { OPERATOR_PAGE_SIZE } from '../operator/send-command.js'
import type { RiskOptions } from '../risk/limits.js'
import { type HomeDirectory, type HomeIdentity, OPERATOR, writeIdentity } from '../sequence/home.js'
import { Command } from '../sequence/supervision-frames.js'
import type { GatewayOptions } from './options.js'

/** Creates the journal of what people command, if there is none. */
export async function createOperatorJournal(
  home: HomeDirectory,
  identity: HomeIdentity,
  { durability }: Pick<GatewayOptions, 'durability'>,
): Promise<void> {
  const options = { pageSize: OPERATOR_PAGE_SIZE, durability, journalId: OPERATOR, frames: [Command] }
  // Another process may be writing a command just now.
  const writer = await retryWhileLocked(() => Writer.open(home.operator, options))
  try {
    if (writer.position === 0) writeIdentity(writer, identity)
  } finally {
    writer.close()
  }
}

/** Writes the limits in effect into the home's state, in one step: for looking at. */
export function writeLimits(home: HomeDirectory, limits: RiskOptions): void {
  let directory: Directory | undefined
  try {
    directory = native.openDirectory(path.dirname(home.limits), false)
    const text = `${JSON.stringify(limits, undefined, 2)}\n`
    replaceFile(directory, path.basename(home.limits), Buffer.from(text), 0o600)
  } catch (error) {
    throw fromSystemError(error, 'writing', home.limits)
  } finally {
    directory?.close()
  }
}
