import { join, relative, resolve } from 'node:path'
import type { Command } from 'commander'
import { listDirectory } from '../../journal/files/directory.js'
import { findJournals } from '../../journal/inspect/inspect.js'
import { isReplica, promote } from '../../journal/replicate/promote.js'
import type { Durability } from '../../journal/write/options.js'
import type { ReplicationEvent } from '../../replicate/events.js'
import { Applier } from '../../replicate/nats/applier.js'
import type { ServerOptions } from '../../replicate/nats/connect.js'
import { applyHome, choose, publishHome, Together } from '../../replicate/nats/home-replication.js'
import { isHomePath } from '../../replicate/nats/home-streams.js'
import { Publisher } from '../../replicate/nats/publisher.js'
import { streamNameOf } from '../../replicate/nats/stream-name.js'
import { isHome } from '../../trading/sequence/home.js'
import { Exit, printable, UsageError } from '../output/failure.js'
import { wrapped } from '../output/help.js'
import { Output } from '../output/output.js'
import { parseAge, parseBytes, wholeNumber } from '../output/units.js'
import { parseInterval } from './interval.js'
import { ReplicationReport } from './replication-report.js'

interface CommonFlags extends Omit<ServerOptions, 'server'> {
  readonly stream?: string
  readonly interval: number
  readonly json?: boolean
}

interface PublishFlags extends CommonFlags {
  readonly to: string
  readonly maxDelay: number
  readonly maxBytes: number
  readonly durable?: boolean
  readonly streamBytes?: number
  readonly streamAge?: number
  readonly streamReplicas?: number
}

interface ApplyFlags extends CommonFlags {
  readonly from: string
  readonly adopt?: boolean
  readonly durability?: Durability
  readonly retainBytes?: number
  readonly retainArchive?: string
}

/** `ticktape replicate publish`, `apply` and `promote`. */
export function registerReplicate(program: Command): void {
  const replicate = program
    .command('replicate')
    .description('keep replicas of a journal on other machines, by a stream of a NATS server')
    .addHelpText('after', wrapped(HELP))
  withServer(
    replicate
      .command('publish')
      .description('publish the frames of a journal, or of all journals of a home, into streams, until it is stopped')
      .argument('<dir>', 'a journal, or the home of a gateway')
      .requiredOption('--to <address>', 'the server: nats://HOST:PORT or tls://HOST:PORT, several separated by commas')
      .option(
        '--stream <name>',
        "the stream's name, or the home's; streams are created if there are none (default: the directory's name)",
      )
      .option('--max-delay <age>', 'how long a frame waits at most for others that leave with it', parseDelay, 5)
      .option('--max-bytes <bytes>', 'how much leaves together at most', parseRunBytes, 256 * 1024)
      .option('--durable', 'publish frames only once they survive power loss of this machine')
      .option('--stream-bytes <bytes>', 'when the stream is created: how much it keeps (default: all)', parseBytes)
      .option('--stream-age <age>', 'when the stream is created: how long it keeps a message: 7d', parseAge)
      .option('--stream-replicas <servers>', 'when the stream is created: on how many servers it is', wholeNumber(1)),
  )
    .addHelpText('after', wrapped(PUBLISH_HELP))
    .action(async (directory: string, flags: PublishFlags) => {
      process.exitCode = await publish(directory, flags)
    })
  withServer(
    replicate
      .command('apply')
      .description('apply a stream to a replica of its journal, or the streams of a home, until it is stopped')
      .argument('<dir>', 'the directory of the replica, which is created if there is none')
      .requiredOption(
        '--from <address>',
        'the server: nats://HOST:PORT or tls://HOST:PORT, several separated by commas',
      )
      .option('--stream <name>', "the stream's name, or the home's (default: the only one that the server has)")
      .option('--adopt', 'make a copy of the source a replica')
      .option(
        '--durability <kind>',
        "process, interval or commit, as of any writer (default: 'process' in /dev/shm, else 'interval')",
        parseDurability,
      )
      .option('--retain-bytes <bytes>', 'remove the oldest pages of the replica beyond this size', parseBytes)
      .option('--retain-archive <dir>', 'pack each page into this archive before --retain-bytes removes it'),
  )
    .addHelpText('after', wrapped(APPLY_HELP))
    .action(async (directory: string, flags: ApplyFlags) => {
      process.exitCode = await apply(directory, flags)
    })
  replicate
    .command('promote')
    .description('make a replica a journal of its own, which a writer may open; or all of a home')
    .argument('<dir>', 'the directory of the replica')
    .option('--json', 'one JSON object')
    .addHelpText('after', wrapped(PROMOTE_HELP))
    .action(async (directory: string, { json }: { readonly json?: boolean }) => {
      const out = new Output()
      const isOfHome = isHome(directory)
      if (isOfHome) promoteHome(directory)
      else promote(directory)
      const what = isOfHome ? 'a home of its own now: its journals take' : 'a journal of its own now; it takes'
      if (json === true) out.json({ path: directory })
      else out.line(`${printable(directory)} is ${what} no more from ${isOfHome ? 'their sources' : 'its source'}`)
      await out.flush()
    })
}

function withServer(command: Command): Command {
  return command
    .option('--creds <file>', "the file with the user's JWT and seed")
    .option('--nkey <file>', 'the file with the seed of an NKey')
    .option('--token-file <file>', 'the file with a token')
    .option('--user <name>', "the user's name")
    .option('--password-file <file>', "the file with the user's password")
    .option('--tls-ca <file>', "certificates that may sign the server's, in PEM")
    .option('--tls-cert <file>', 'our certificate, in PEM')
    .option('--tls-key <file>', 'the key of our certificate, in PEM')
    .option('--interval <age>', 'between two reports: 500ms, 10s', parseInterval, 1000)
    .option('--json', 'one JSON object a line: what happened, and how far it is')
}

const HELP = `
A source has any number of replicas. A replica has the source's frames byte for byte, at the same positions, and is read like any journal. No
writer may open it until it is promoted. docs/replication.md says what is the same, what may be lost, and how to begin again. It needs the
packages @nats-io/transport-node and @nats-io/jetstream, and a nats-server with JetStream (-js).

Exit codes: 0 done, or stopped by Ctrl-C or SIGTERM; 2 could not.

Examples:
  $ ticktape replicate publish /dev/shm/quotes --to nats://nats.example.com:4222
  $ ticktape replicate apply /data/quotes --from nats://nats.example.com:4222
  $ ticktape replicate promote /data/quotes`

const PUBLISH_HELP = `
It can be stopped or killed at any time, and started again: it continues after the stream's last run, which must be in the journal. As a named
reader 'replicate-STREAM' it keeps pages from retention until the stream has them. The journal's writer is neither delayed nor woken. The
journals of a home go into a stream each, also those that the home gets later.
JSON: event, and for 'progress' stream, position, frames, bytes, lag (slots), lagBytes, lagMs.

Exit codes: 0 stopped by Ctrl-C or SIGTERM, 2 could not: the server refuses, another publisher, or the journal is not the one that was published.

Examples:
  $ ticktape replicate publish quotes --to nats://127.0.0.1:4222
  $ ticktape replicate publish quotes --to tls://nats:4222 --creds desk.creds --stream-bytes 100G --stream-age 7d
  $ ticktape replicate publish /var/lib/desk --to nats://127.0.0.1:4222 --durable --json`

const APPLY_HELP = `
It can be stopped or killed at any time, and started again: it continues at the replica's end. When the limits of the stream have removed what
the replica lacks, begin with a copy of the source, such as an archive, that is newer than what the stream begins with, and type --adopt once.
JSON: event, and for 'progress' stream, position, frames, bytes, lag (slots), lagBytes, lagMs.

Exit codes: 0 stopped by Ctrl-C or SIGTERM, 2 could not: the server refuses, several streams, or the stream does not continue the replica.

Examples:
  $ ticktape replicate apply quotes --from nats://127.0.0.1:4222
  $ ticktape replicate apply quotes --from tls://nats:4222 --stream quotes --tls-ca ca.pem --json
  $ ticktape restore /archive/quotes --to quotes && ticktape replicate apply quotes --from nats://127.0.0.1:4222 --adopt`

const PROMOTE_HELP = `
For when the source is lost. Make sure that nothing writes to the source any more: from here on the two journals differ.

Exit codes: 0 done, 2 it is no replica, or its frames are being applied.

Examples:
  $ ticktape replicate promote /data/quotes`

async function publish(directory: string, flags: PublishFlags): Promise<number> {
  const { to, maxDelay, streamBytes, streamAge, streamReplicas, interval, json, ...rest } = flags
  const report = new ReplicationReport(json === true)
  const options = {
    ...rest,
    server: to,
    maxDelayMs: maxDelay,
    limits: { bytes: streamBytes, age: streamAge, replicas: streamReplicas },
    onEvent: (event: ReplicationEvent) => report.event(event),
  }
  let publisher: Publisher | undefined
  const together = new Together()
  const run = async (signal: AbortSignal): Promise<void> => {
    if (isHome(directory)) {
      const home = flags.stream ?? streamNameOf(resolve(directory))
      return publishHome(together, directory, home, () => journalsOfHome(directory), options, signal)
    }
    publisher = await Publisher.open(directory, options, signal)
    await publisher?.run(signal)
  }
  const progress = (): void =>
    report.progress('published', publisher === undefined ? together.progress : [publisher.progress])
  return untilStopped(run, progress, interval, report)
}

async function apply(directory: string, flags: ApplyFlags): Promise<number> {
  const { from, retainBytes, retainArchive, interval, json, ...rest } = flags
  if (retainArchive !== undefined && retainBytes === undefined)
    throw new UsageError('--retain-archive says where removed pages go: give --retain-bytes too')
  const report = new ReplicationReport(json === true)
  const options = {
    ...rest,
    server: from,
    retain: retainBytes === undefined ? undefined : { bytes: retainBytes, archive: retainArchive },
    onEvent: (event: ReplicationEvent) => report.event(event),
  }
  let applier: Applier | undefined
  const together = new Together()
  const run = async (signal: AbortSignal): Promise<void> => {
    const chosen = await choose(options, signal)
    if (chosen === undefined) return
    if ('home' in chosen) {
      if (retainBytes !== undefined)
        throw new UsageError(
          `${chosen.home} is a home, whose journals need each other's pages: --retain-bytes is for one journal`,
        )
      return applyHome(together, directory, chosen.home, options, signal)
    }
    applier = await Applier.open(directory, { ...options, ...chosen }, signal)
    await applier?.run(signal)
  }
  const progress = (): void =>
    report.progress('applied', applier === undefined ? together.progress : [applier.progress])
  return untilStopped(run, progress, interval, report)
}

/** The directories of a home's journals, below the home's. One that has no page yet is not ready. */
function journalsOfHome(home: string): string[] {
  return findJournals(home)
    .filter(journal => listDirectory(journal).pages.length > 0)
    .map(journal => relative(home, journal))
    .filter(isHomePath)
}

/** Promotes all journals of a home. After a kill, the next call promotes the rest. The sequence is last: without it no gateway starts there. */
function promoteHome(home: string): void {
  const replicas = journalsOfHome(home)
    .map(path => join(home, path))
    .filter(isReplica)
  // It says what is wrong.
  if (replicas.length === 0) promote(join(home, 'gateway'))
  const isSequence = (journal: string): boolean => journal === join(home, 'gateway')
  for (const journal of replicas.filter(one => !isSequence(one))) promote(journal)
  for (const journal of replicas.filter(isSequence)) promote(journal)
}

/** Runs until SIGINT or SIGTERM, and reports now and then. */
async function untilStopped(
  run: (signal: AbortSignal) => Promise<void>,
  progress: () => void,
  intervalMs: number,
  report: ReplicationReport,
): Promise<number> {
  const stop = new AbortController()
  const interrupt = (): void => stop.abort()
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt)
  let failure: unknown
  const timer = setInterval(() => {
    try {
      progress()
    } catch (error) {
      failure ??= error
      stop.abort()
    }
  }, intervalMs)
  try {
    await run(stop.signal)
    if (failure !== undefined) throw failure
  } finally {
    clearInterval(timer)
    report.end()
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt)
  }
  return Exit.OK
}

function parseDelay(text: string): number {
  const ms = parseAge(text)
  if (ms >= 1 && ms <= 10_000) return ms
  throw new UsageError(`--max-delay takes a time from 1ms to 10s, not ${text}`)
}

function parseRunBytes(text: string): number {
  const bytes = parseBytes(text)
  if (bytes >= 16_384 && bytes <= 64 * 2 ** 20) return bytes
  throw new UsageError(`--max-bytes takes a size from 16K, the largest frame, to 64M, not ${text}`)
}

function parseDurability(text: string): Durability {
  if (text === 'process' || text === 'interval' || text === 'commit') return text
  throw new UsageError(`--durability takes process, interval or commit, not ${text}`)
}
