import { type ChildProcess, fork } from 'node:child_process'
import * as fs from 'node:fs'
import { SLOT_SIZE } from '../../frames/format.js'
import { packageModule } from '../../native/package-files.js'
import { watchedArguments } from '../../runtime/supervision/end-with-parent.js'
import { inheritedOptions } from '../../runtime/supervision/node-options.js'
import { SnapshotError } from '../errors.js'
import type { FromReplica, ToReplica } from '../replica/messages.js'
import type { RetainOptions } from '../replica/retire.js'
import type { DeskConfig } from '../sequence/config.js'
import type { HomeDirectory, HomeIdentity } from '../sequence/home.js'
import type { Sequence } from '../sequence/sequence.js'
import { PART_BYTES } from '../snapshots/find.js'
import { SnapshotWriter } from '../snapshots/write.js'

/** After so many bytes of the sequence there is a new snapshot, unless an option says otherwise. */
export const SNAPSHOT_BYTES = 4 * 1024 * 1024
/** There is at least this many times a snapshot's size between it and the next one. */
const SIZES_APART = 4
/** Snapshots that stay usable when pages are retired, unless an option says otherwise. */
const RETAINED = 2
/** Parts that are copied in one iteration of the loop: 32 KiB. */
const PARTS_AT_ONCE = 16

/** The files in which snapshots wait to be copied. */
const TEMPORARY = /^snapshot-\d+\.tmp$/

/** Errors after which no other attempt would do better. */
const HOPELESS: ReadonlySet<string> = new Set(['ERR_VENUE_MISSING', 'ERR_SEQUENCE_MISMATCH'])

/** What snapshots need of the gateway that makes them. */
export interface SnapshotEnvironment {
  readonly home: HomeDirectory
  readonly identity: HomeIdentity
  readonly sequence: Sequence
  readonly config: DeskConfig
  /** Of the last complete snapshot in the sequence; number 0 when there is none. */
  readonly lastSnapshot: { readonly number: number; readonly size: number; readonly at: number }
  readonly onProblem: (problem: SnapshotError) => void
  /** There is something to do: the loop must not sleep. */
  readonly onReady: () => void
  readonly options: { readonly retain?: Partial<RetainOptions> }
}

/**
 * Snapshots of the gateway, in its sequence. A second process plays the sequence and makes them, so the gateway does not stop
 * for one; it only copies a few parts in each iteration, between two bursts.
 */
export class Snapshots {
  /** Complete snapshots of this run. */
  made = 0
  private number: number
  /** The position from which on there is a next one. */
  private due: number
  private readonly least: number
  private child: ChildProcess | undefined = undefined
  private waiting = false
  /** The position after the last snapshot, until the replica was told that it is complete and durable. */
  private completeAt = Number.POSITIVE_INFINITY
  private copy: Copy | undefined = undefined
  private readonly file: string

  /** @param bytes of the sequence after which there is another one; 0 for none. */
  constructor(
    private readonly environment: SnapshotEnvironment,
    bytes: number,
  ) {
    const { home, lastSnapshot } = environment
    // Its own: the process of a gateway that was killed may still write its file.
    this.file = `${home.path}/snapshot-${process.pid}.tmp`
    this.number = lastSnapshot.number
    this.least = bytes === 0 ? Number.POSITIVE_INFINITY : bytes / SLOT_SIZE
    this.due = lastSnapshot.at + this.distance(lastSnapshot.size)
  }

  /** Whether a snapshot is being copied. */
  get isCopying(): boolean {
    return this.copy !== undefined
  }

  /** Does a bounded part of what there is to do. To be called between two bursts. Returns 0 for nothing. */
  step(): number {
    if (this.copy !== undefined) return this.copyParts(this.copy)
    const { position, durable } = this.environment.sequence.writer
    // Pages go only once a power loss cannot take what replaces them.
    if (durable >= this.completeAt) {
      this.completeAt = Number.POSITIVE_INFINITY
      this.send({ kind: 'complete' })
    }
    if (position < this.due || this.waiting) return 0
    this.ask(position)
    return 0
  }

  close(): void {
    this.child?.kill('SIGKILL')
    this.child = undefined
    this.endCopy()
    fs.rmSync(this.file, { force: true })
  }

  /** Asks for a snapshot of what is now in the sequence. */
  private ask(position: number): void {
    this.child ??= this.start()
    this.waiting = true
    this.send({ kind: 'save', position, file: this.file })
  }

  private start(): ChildProcess {
    const { home, config, onReady, options, sequence } = this.environment
    const { retain } = options
    // What processes of gateways that were killed have left: in this home, not in one that has replaced it.
    sequence.writer.checkIdentity()
    for (const name of fs.readdirSync(home.path))
      if (TEMPORARY.test(name)) fs.rmSync(`${home.path}/${name}`, { force: true })
    const module = packageModule(
      'trading/replica/process.js',
      'A gateway, whose snapshots are made in another process,',
    )
    const child = fork(module, watchedArguments(home.path), {
      execArgv: inheritedOptions(),
      stdio: ['ignore', 2, 2, 'ipc'],
    })
    this.child = child
    child.on('message', (message: FromReplica) => {
      if (this.child !== child) return
      if (message.kind === 'failed') this.fail(message.message, HOPELESS.has(message.code))
      else if (message.kind === 'not-retired') this.report(`no pages of ${home.path} were retired: ${message.message}`)
      else {
        this.begin(message)
        onReady()
      }
    })
    child.on('error', error => {
      if (this.child === child) this.fail(error.message, false)
    })
    child.on('exit', (code, signal) => {
      if (this.child === child) this.fail(`its process has ended (${signal ?? `exit status ${code}`})`, false)
    })
    const wanted = retain === undefined ? undefined : { ...retain, snapshots: retain.snapshots ?? RETAINED }
    this.send({ kind: 'begin', config, retain: wanted })
    return child
  }

  private send(message: ToReplica): void {
    const { child } = this
    if (child?.connected) child.send(message, () => {})
  }

  /**
   * There is no snapshot this time. The next one is tried when it would have been due.
   *
   * @param forEver no other attempt would do better.
   */
  private fail(what: string, forEver: boolean): void {
    const { sequence, home } = this.environment
    this.child?.kill('SIGKILL')
    this.child = undefined
    this.waiting = false
    this.due = forEver ? Number.POSITIVE_INFINITY : sequence.writer.position + this.least
    const next = forEver
      ? 'There will be none, and a start reads what follows the last one'
      : 'Another one is tried later'
    this.report(`there is no snapshot of ${home.path}: ${what}. ${next}`)
  }

  private report(what: string): void {
    const { home, onProblem } = this.environment
    onProblem(new SnapshotError(what, { path: home.path }))
  }

  private begin({ position, size, sha256 }: Extract<FromReplica, { kind: 'saved' }>): void {
    this.waiting = false
    try {
      this.copy = { at: position, size, sha256, fd: fs.openSync(this.file, 'r'), writer: undefined, copied: 0 }
    } catch (error) {
      this.fail(`it cannot be read from its file: ${(error as Error).message}`, false)
    }
  }

  private copyParts(copy: Copy): number {
    const { sequence, identity } = this.environment
    copy.writer ??= new SnapshotWriter(sequence.writer, ++this.number, identity)
    const read = fs.readSync(copy.fd, buffer, 0, buffer.length, copy.copied)
    copy.writer.add(buffer.subarray(0, read))
    copy.copied += read
    if (copy.copied < copy.size && read > 0) return 1
    this.endCopy()
    if (copy.copied < copy.size) {
      this.fail(`its file has ${copy.copied} of ${copy.size} bytes`, false)
      return 1
    }
    copy.writer.end(copy.at, copy.sha256)
    this.made++
    this.due = copy.at + this.distance(copy.size)
    this.completeAt = sequence.writer.position
    return 1
  }

  private endCopy(): void {
    if (this.copy !== undefined) fs.closeSync(this.copy.fd)
    this.copy = undefined
  }

  /** Slots from a snapshot to the next one. */
  private distance(size: number): number {
    return Math.max(this.least, (SIZES_APART * size) / SLOT_SIZE)
  }
}

/** A snapshot on its way from the file into the sequence. */
interface Copy {
  readonly at: number
  readonly size: number
  readonly sha256: string
  readonly fd: number
  /** Undefined before the first parts. */
  writer: SnapshotWriter | undefined
  copied: number
}

const buffer = new Uint8Array(PARTS_AT_ONCE * PART_BYTES)
