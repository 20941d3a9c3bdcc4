import * as fs from 'node:fs'
import * as path from 'node:path'
import { replaceFile } from '../../base/files/replace-file.js'
import { fromSystemError } from '../../base/system-error.js'
import { FileName } from '../../journal/files/directory.js'
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
  write(home.limits, Buffer.from(`${JSON.stringify(limits, undefined, 2)}\n`))
}

/** Writes what the sequence's numbers of instruments mean into the home, in one step: for people and for other programs. */
export function writeInstruments(home: HomeDirectory): void {
  const file = path.join(home.sequence, FileName.INSTRUMENTS)
  // A sequence without instruments has none. What an earlier one had, before a reset, is no longer true.
  if (!fs.existsSync(file)) return fs.rmSync(home.instruments, { force: true })
  const bytes = fs.readFileSync(file)
  if (fs.existsSync(home.instruments) && fs.readFileSync(home.instruments).equals(bytes)) return
  write(home.instruments, bytes)
}

function write(file: string, bytes: Uint8Array): void {
  let directory: Directory | undefined
  try {
    directory = native.openDirectory(path.dirname(file), false)
    replaceFile(directory, path.basename(file), bytes, 0o600)
  } catch (error) {
    throw fromSystemError(error, 'writing', file)
  } finally {
    directory?.close()
  }
}
