import { WriterLockedError } from '../../journal/errors.js'
import { Writer } from '../../journal/write/writer.js'
import { Switch } from '../sequence/frames.js'
import { HomeDirectory, SEQUENCE } from '../sequence/home.js'
import { CommandError } from './errors.js'
import { sendCommand } from './send-command.js'

/**
 * Ends a halt in the sequence of a home: by a command to its gateway, or with a frame of its own while no gateway runs. The
 * breaker is reset before.
 *
 * @throws {HomeError}, {GatewayDownError}, {CommandError}, and what Writer.open throws.
 */
export async function resumeHome(directory: string, reason: string): Promise<void> {
  const home = HomeDirectory.openExisting(directory)
  let writer: Writer
  try {
    writer = Writer.open(home.sequence, { journalId: SEQUENCE, frames: [Switch] })
  } catch (error) {
    // A gateway has it.
    if (!(error instanceof WriterLockedError)) throw error
    const { state, problem } = await sendCommand(directory, { action: 'resume', reason })
    if (state === 'done') return
    throw new CommandError(`trading was not resumed: ${problem}`, state, problem)
  }
  try {
    writer.write(Switch, { state: 'active', reason: 'none', text: 'resumed' })
  } finally {
    writer.close()
  }
}
