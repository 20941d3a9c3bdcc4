import { WriterLockedError } from '../../journal/errors.js'
import { Writer } from '../../journal/write/writer.js'
import { SWITCH_TEXT_BYTES, Switch } from '../sequence/frames.js'
import { HomeDirectory, SEQUENCE } from '../sequence/home.js'
import { clipText } from './clip-text.js'
import { CommandError } from './errors.js'
import { sendCommand } from './send-command.js'

/**
 * Ends a halt in the sequence of a home: by a command to its gateway, or with a frame of its own while no gateway runs. The
 * breaker is reset before.
 *
 * @param to 'reducing': only what makes a position smaller passes from then on.
 * @throws {HomeError}, {GatewayDownError}, {CommandError}, and what Writer.open throws.
 */
export async function resumeHome(
  directory: string,
  reason: string,
  to: 'active' | 'reducing' = 'active',
): Promise<void> {
  const home = HomeDirectory.openExisting(directory)
  let writer: Writer
  try {
    writer = Writer.open(home.sequence, { journalId: SEQUENCE, frames: [Switch] })
  } catch (error) {
    // A gateway has it.
    if (!(error instanceof WriterLockedError)) throw error
    // It sees in the breaker that only reducing is allowed.
    if (to === 'reducing') return
    const { state, problem } = await sendCommand(directory, { action: 'resume', reason })
    if (state === 'done') return
    throw new CommandError(`trading was not resumed: ${problem}`, state, problem)
  }
  try {
    if (to === 'active') writer.write(Switch, { state: to, reason: 'none', text: 'resumed' })
    else writer.write(Switch, { state: to, reason: to, text: clipText(reason, SWITCH_TEXT_BYTES) })
  } finally {
    writer.close()
  }
}
