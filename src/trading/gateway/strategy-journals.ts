import { JournalNotFoundError } from '../../journal/errors.js'
import { listDirectory } from '../../journal/files/directory.js'
import type { WriterOptions } from '../../journal/write/options.js'
import { Writer } from '../../journal/write/writer.js'
import { packageModule } from '../../native/package-files.js'
import { identityOf } from '../../runtime/consumer/identity.js'
import { recoverAfterRestart } from '../../runtime/sessions/recover-journal.js'
import type { Member, Session } from '../../runtime/sessions/session.js'
import { Supervisor } from '../../runtime/supervision/supervisor.js'
import type { OrderSource } from '../orders/order-desk.js'
import type { StrategyProcessConfig } from '../strategies/process.js'
import type { GatewayOptions } from './options.js'

const STRATEGY_PAGE_SIZE = 1024 * 1024

/** The module that a strategy's process runs. @throws {BundledError} */
export function strategyProcess(): string {
  return packageModule('trading/strategies/process.js', 'A gateway, which runs each strategy in a process of its own,')
}

/**
 * Creates the journals of strategies that have never run, and runs the recovery of all others, also those of earlier
 * runs, after a power loss. From then on the gateway can read all of them, and no frame that it reads is removed later.
 */
export async function readyJournals(
  session: Session,
  members: readonly Member[],
  options: GatewayOptions,
): Promise<void> {
  for (const member of members) {
    const journal = session.journalOf(member.id)
    if (!exists(journal)) Writer.open(journal, writerOptions(member, options)).close()
  }
  for (const member of session.all) {
    const journal = session.journalOf(member.id)
    // A journal keeps its page size; an earlier run may have used another one.
    if (exists(journal)) await recoverAfterRestart(journal, { ...writerOptions(member, options), pageSize: undefined })
  }
}

/** The sources of orders: the strategies of this run and of earlier runs. */
export function orderSources(session: Session, lastAnswered: ReadonlyMap<number, number>): OrderSource[] {
  return session.all
    .map(({ id, number }) => ({ number, path: session.journalOf(id), lastAnswered: lastAnswered.get(number) }))
    .filter(source => exists(source.path))
}

/** Starts a strategy's process and keeps it running. */
export function superviseStrategy(
  session: Session,
  member: Member,
  options: GatewayOptions,
  /** Throws unless the session's journals are those that the gateway opened. */
  check: () => void,
): Supervisor {
  const { id, number, file } = member
  const config: StrategyProcessConfig = {
    id,
    number,
    file,
    input: session.gateway,
    inputIdentity: identityOf(session.gateway),
    output: session.journalOf(id),
    writer: writerOptions(member, options),
    wait: options.wait ?? 'event-loop',
    progressMs: options.progressMs ?? 250,
  }
  return new Supervisor({
    module: strategyProcess(),
    argument: JSON.stringify(config),
    firstMs: options.backOffMs ?? 100,
    longestMs: 5_000,
    stopMs: options.stopMs ?? 15_000,
    mayStart: check,
    onEvent: event => options.onStrategy?.(id, event),
  })
}

function writerOptions(member: Member, options: GatewayOptions): WriterOptions {
  const { strategyPageSize = STRATEGY_PAGE_SIZE, durability } = options
  return { pageSize: strategyPageSize, durability, journalId: member.number }
}

function exists(journal: string): boolean {
  try {
    return listDirectory(journal).pages.length > 0
  } catch (error) {
    if (error instanceof JournalNotFoundError) return false
    throw error
  }
}
