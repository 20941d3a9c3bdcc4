import type { MsgHdrs } from '@nats-io/transport-node'
import { SLOT_SHIFT } from '../../frames/format.js'
import { isSourceName } from '../../journal/files/replica-file.js'
import { slotsOf } from '../../journal/pages/header.js'
import type { SourceRun } from '../../journal/replicate/run-reader.js'
import { native } from '../../native/index.js'
import { StreamError } from '../errors.js'

/**
 * The messages of a stream, one kind a subject: `ticktape.STREAM.KIND`. Each is complete in itself, and says which journal it is of and where
 * in it: so a publisher and a replica find their place from the stream alone.
 */
export const KINDS = ['journal', 'schema', 'instruments', 'run'] as const
export type Kind = (typeof KINDS)[number]

export function subjectOf(stream: string, kind: Kind | '*'): string {
  return `${PREFIX}.${stream}.${kind}`
}

export const PREFIX = 'ticktape'

/** The version of what is written here. */
const FORMAT = 1

const Header = {
  FORMAT: 'Ticktape-Format',
  /** The name of the source. */
  SOURCE: 'Ticktape-Source',
  /** `PAGE_SIZE:JOURNAL_ID`. */
  JOURNAL: 'Ticktape-Journal',
  /** The process that published the message: 16 hexadecimal digits. */
  PUBLISHER: 'Ticktape-Publisher',
  /** The position where the run before this message ended. */
  AFTER: 'Ticktape-After',
  /** `PAGE:SLOT:SLOTS` of a run. */
  RUN: 'Ticktape-Run',
  /** When the source created that page, ns since 1970. */
  PAGE: 'Ticktape-Page',
  /** The CRC32C of the run's bytes, hexadecimal. */
  CRC: 'Ticktape-Crc',
} as const

/** What all messages of one publisher have in common. */
export interface Origin {
  /** Names the source: 32 hexadecimal digits. */
  readonly source: string
  /** Bytes of its pages. */
  readonly pageSize: number
  readonly journalId: number
  /** Names the process that published: 16 hexadecimal digits. */
  readonly publisher: string
}

/** What the headers of a message say. */
export interface Envelope extends Origin {
  readonly kind: Kind
  /** The sequence number of the message in its stream. */
  readonly sequence: number
  /** Where the run before it ended. */
  readonly after: number
  /** Of a run. */
  readonly run: RunPlace | undefined
}

interface RunPlace {
  readonly page: number
  readonly position: number
  readonly slots: number
  /** ns since 1970. */
  readonly pageCreated: bigint
  readonly crc: number
}

/** The position where the journal is after a message. */
export function endOf({ run, after }: Envelope): number {
  return run === undefined ? after : run.position + run.slots
}

export function writeHeaders(headers: MsgHdrs, origin: Origin, after: number, run?: SourceRun): MsgHdrs {
  headers.set(Header.FORMAT, String(FORMAT))
  headers.set(Header.SOURCE, origin.source)
  headers.set(Header.JOURNAL, `${origin.pageSize}:${origin.journalId}`)
  headers.set(Header.PUBLISHER, origin.publisher)
  headers.set(Header.AFTER, String(after))
  if (run !== undefined) {
    const slot = run.position - run.page * slotsOf(origin.pageSize)
    headers.set(Header.RUN, `${run.page}:${slot}:${run.bytes.length >> SLOT_SHIFT}`)
    headers.set(Header.PAGE, String(run.pageCreated))
    headers.set(Header.CRC, native.crc32c(run.bytes, 0).toString(16))
  }
  return headers
}

/** A message as the client's classes have it. */
interface Received {
  readonly subject: string
  readonly headers: MsgHdrs | undefined
  readonly data: Uint8Array
  readonly sequence: number
}

/** Reads the headers of a message. They are not trusted. @throws {StreamError} for a message that no publisher of this version wrote. */
export function readEnvelope(stream: string, { subject, headers, data, sequence }: Received): Envelope {
  const bad = (what: string): never => {
    throw new StreamError(
      `message ${sequence} of stream ${stream} ${what}: it was not written by 'ticktape replicate publish' of this version`,
    )
  }
  const kind = KINDS.find(one => subjectOf(stream, one) === subject)
  if (kind === undefined) return bad(`has the subject ${subject}`)
  if (headers === undefined) return bad('has no headers')
  const text = (name: string): string => headers.get(name)
  const whole = (digits: string, what: string): number =>
    /^\d{1,16}$/.test(digits) && Number.isSafeInteger(Number(digits)) ? Number(digits) : bad(`has no ${what}`)
  if (text(Header.FORMAT) !== String(FORMAT)) bad(`has the format '${text(Header.FORMAT)}', not ${FORMAT}`)
  const source = text(Header.SOURCE)
  if (!isSourceName(source)) bad('names no source')
  const [pageSize, journalId] = text(Header.JOURNAL).split(':')
  const envelope = {
    kind,
    sequence,
    source,
    pageSize: whole(pageSize, 'page size'),
    journalId: whole(journalId ?? '', 'journal id'),
    publisher: text(Header.PUBLISHER),
    after: whole(text(Header.AFTER), 'position'),
    run: undefined,
  }
  if (kind !== 'run') return envelope
  const [page, slot, slots] = text(Header.RUN).split(':')
  const run = {
    page: whole(page, 'page'),
    position: whole(page, 'page') * slotsOf(envelope.pageSize) + whole(slot ?? '', 'slot'),
    slots: whole(slots ?? '', 'number of slots'),
    pageCreated: BigInt(/^-?\d{1,19}$/.test(text(Header.PAGE)) ? text(Header.PAGE) : bad('has no page')),
    crc: Number.parseInt(text(Header.CRC), 16),
  }
  if (data.length !== run.slots << SLOT_SHIFT) bad(`has ${data.length} bytes, but says ${run.slots} slots`)
  if (native.crc32c(data, 0) !== run.crc) bad('has other bytes than its checksum says')
  return { ...envelope, run }
}
