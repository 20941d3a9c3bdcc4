import { randomBytes } from 'node:crypto'
import * as fs from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { ClosedError, InvalidOptionError, TicktapeError, UnsafePathError } from '../../base/errors.js'
import { makeDirectories } from '../../base/files/make-directories.js'
import { needsCopy, privatePath } from '../../base/files/private-path.js'
import { formatValue } from '../../base/format-value.js'
import { sleepThread } from '../../base/sleep.js'
import { fromSystemError, systemCode } from '../../base/system-error.js'
import { FormatVersionError } from '../../frames/errors.js'
import type { Mapping } from '../../native/addon.js'
import { native } from '../../native/index.js'
import { CorruptStateError, StateBusyError, StateMismatchError, StateReplacedError } from '../errors.js'
import { Header as H, Kind, STATE_MAGIC, STATE_VERSION } from './format.js'
import { isStateFile, noStateFile } from './magic.js'
import { checkDirectory, checkTrust, makeDirectory } from './trust.js'

/** How a state file is created, and what an existing one must be. */
export interface StatePlan {
  /** Its public name, for messages: 'TopOfBook'. */
  readonly what: string
  /** One of `Kind`. */
  readonly kind: number
  /**
   * The requested sizes, with their names, in the format's order. Undefined: the existing file's size, or the default.
   */
  readonly parameters: readonly {
    readonly name: string
    readonly value: number | undefined
    readonly byDefault: number
  }[]
  /** The file's size in bytes with these sizes. Must not throw: sizes read from a file may be anything. */
  readonly sizeOf: (parameters: readonly number[]) => number
  /** 8 bytes: see Header.LAYOUT_HASH. */
  readonly layoutHash?: Uint8Array
  /** Bytes of Header.OWN for a new file. */
  readonly own?: Uint8Array
  /** Permissions for a new file. */
  readonly mode: number
}

export const DEFAULT_MODE = 0o600
/** A file's size is stored as u32, and mapped as one. */
const MAX_FILE_SIZE = 2 ** 31 - 1

/**
 * A mapped state file. The first process that opens it creates it. It gets its name only when it is complete, so a
 * process that dies leaves no incomplete file.
 */
export class StateFile {
  /** Whether it was closed because its path names another file now, or none. */
  isReplaced = false
  private closed = false

  private constructor(
    readonly path: string,
    readonly mapping: Mapping,
    readonly parameters: readonly number[],
    private readonly what: string,
  ) {}

  /**
   * Opens a state file, or creates it when there is none.
   *
   * @throws {InvalidOptionError, UnsafePathError, CorruptStateError, StateMismatchError, FormatVersionError,
   * NoSpaceError, SystemCallError}
   */
  static open(path: string, plan: StatePlan): StateFile {
    const file = pathFor(resolvePath(path, plan.what))
    for (let attempt = 0; ; attempt++) {
      try {
        return StateFile.map(file, plan, plan.mode)
      } catch (error) {
        // Removed again, or created by another process: the next attempt shows which. After 100 attempts some process
        // keeps removing it.
        if (systemCode(error) !== 'ENOENT' || attempt === 100) throw asStateError(error, file)
      }
      create(file, plan)
    }
  }

  /**
   * Opens an existing file without a `mode`, see `checkTrust`: for operators' commands, which do not rely on what the
   * file says. Undefined when there is none.
   */
  static openExisting(path: string, plan: StatePlan): StateFile | undefined {
    const file = pathFor(resolvePath(path, plan.what))
    try {
      return StateFile.map(file, plan, undefined)
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return undefined
      throw asStateError(error, file)
    }
  }

  private static map(file: string, plan: StatePlan, mode: number | undefined): StateFile {
    const mapping = native.mapFile(file, true)
    try {
      checkTrust(file, mapping, mode)
      return new StateFile(file, mapping, checkHeader(mapping, file, plan), plan.what)
    } catch (error) {
      mapping.close()
      throw error
    }
  }

  get isClosed(): boolean {
    return this.closed
  }

  /** Unmaps the file. Typed arrays over its memory become empty and read undefined. May be called more than once. */
  close(): void {
    this.closed = true
    this.mapping.close()
  }

  /** @throws {ClosedError}, {StateReplacedError} when it was closed for that. */
  throwIfClosed(): void {
    if (!this.closed) return
    if (this.isReplaced)
      throw new StateReplacedError(
        `${this.path} was removed or replaced while it was open; other processes no longer share this ${this.what}. Open it again`,
        { path: this.path },
      )
    throw new ClosedError(`the ${this.what} of ${this.path} is closed; open another`, { path: this.path })
  }

  /** Throws the error for bytes that contradict the format. */
  corrupt(what: string): never {
    throw new CorruptStateError(`${this.path} is damaged: ${what}; stop what uses it and remove it`, {
      path: this.path,
    })
  }

  /** Runs `action` under the file's lock: no other opening of the file, in any process, runs one at the same time. */
  locked<T>(action: () => T): T {
    for (let i = 0; !this.mapping.lockRange(H.LOCK_BYTE, 1); i++) {
      if (i === LOCK_ATTEMPTS) {
        throw new StateBusyError(
          `another process has held the lock of ${this.path} for ${LOCK_ATTEMPTS} ms; check whether it is suspended`,
          undefined,
          { path: this.path },
        )
      }
      sleepThread(1)
    }
    try {
      return action()
    } finally {
      this.mapping.unlockRange(H.LOCK_BYTE, 1)
    }
  }

  /**
   * Runs `action`, under the lock, at the first opening since the machine booted: times since an earlier boot mean
   * nothing now.
   */
  afterBoot(action: () => void): void {
    const bootId = Buffer.from(native.bootId(), 'hex')
    const stored = new Uint8Array(this.mapping.buffer, H.BOOT_ID, bootId.length)
    if (bootId.equals(stored)) return
    this.locked(() => {
      if (bootId.equals(stored)) return
      action()
      stored.set(bootId)
    })
  }
}

const LOCK_ATTEMPTS = 2000

/**
 * Creates the file under a temporary name and links it to its path when it is complete. An existing file stays as it
 * is.
 */
function create(file: string, plan: StatePlan): void {
  const parameters = plan.parameters.map(({ value, byDefault }) => value ?? byDefault)
  const size = plan.sizeOf(parameters)
  if (size > MAX_FILE_SIZE) {
    throw new InvalidOptionError(
      `a ${plan.what} with ${describe(plan, parameters)} needs ${size} bytes; a file has at most ${MAX_FILE_SIZE}`,
      { path: file },
    )
  }
  try {
    makeDirectory(dirname(file), plan.mode)
    checkDirectory(file, plan.mode)
    removeAbandoned(file)
    const temporary = `${file}.${process.pid}-${native.processStart(process.pid) ?? 0}-${randomBytes(4).toString('hex')}.tmp`
    native.createFile(temporary, size, plan.mode, encodeHeader(plan, parameters, size)).close()
    try {
      fs.linkSync(temporary, file)
    } catch (error) {
      // EEXIST: another process was first. ENOENT: a process in another pid namespace thought that this one was dead
      // and removed the temporary file; the next attempt creates the file.
      if (systemCode(error) !== 'EEXIST' && systemCode(error) !== 'ENOENT') throw error
    } finally {
      fs.rmSync(temporary, { force: true })
    }
  } catch (error) {
    throw asStateError(error, file)
  }
}

/** Removes the temporary files of processes that died while they created a state file. */
function removeAbandoned(file: string): void {
  const directory = dirname(file)
  const prefix = `${basename(file)}.`
  for (const name of fs.readdirSync(directory)) {
    if (!name.startsWith(prefix)) continue
    const creator = /^(\d+)-(\d+)-[0-9a-f]{8}\.tmp$/.exec(name.slice(prefix.length))
    // A live process in another pid namespace looks dead from here; it then creates its file again.
    if (creator !== null && native.processStart(Number(creator[1])) !== Number(creator[2]))
      fs.rmSync(join(directory, name), { force: true })
  }
}

function encodeHeader(plan: StatePlan, parameters: readonly number[], size: number): Uint8Array {
  const bytes = new Uint8Array(H.SIZE)
  const view = new DataView(bytes.buffer)
  for (let i = 0; i < STATE_MAGIC.length; i++) bytes[H.MAGIC + i] = STATE_MAGIC.charCodeAt(i)
  view.setUint32(H.VERSION, STATE_VERSION, true)
  view.setUint32(H.KIND, plan.kind, true)
  view.setUint32(H.FILE_SIZE, size, true)
  parameters.forEach((parameter, i) => view.setUint32(H.PARAMETERS + 4 * i, parameter, true))
  if (plan.layoutHash !== undefined) bytes.set(plan.layoutHash, H.LAYOUT_HASH)
  view.setBigInt64(H.CREATED, native.now(), true)
  view.setUint32(H.IDENTITY_CRC, native.crc32c(bytes.subarray(0, H.IDENTITY_CRC), 0), true)
  bytes.set(Buffer.from(native.bootId(), 'hex'), H.BOOT_ID)
  if (plan.own !== undefined) bytes.set(plan.own, H.OWN)
  return bytes
}

/** Checks that the header agrees with itself, the file and the plan. Returns the sizes the file was created with. */
function checkHeader(mapping: Mapping, file: string, plan: StatePlan): readonly number[] {
  const damaged = (what: string): never => {
    throw new CorruptStateError(`${file} is damaged: ${what}; stop what uses it and remove it`, { path: file })
  }
  if (!isStateFile(mapping)) throw noStateFile(file)
  const bytes = new Uint8Array(mapping.buffer, 0, H.SIZE)
  const view = new DataView(mapping.buffer)
  const version = view.getUint32(H.VERSION, true)
  if (version !== STATE_VERSION) {
    throw new FormatVersionError(
      `${file} is in version ${version} of the format, this library reads ${STATE_VERSION}; stop what uses it and remove it`,
      { path: file },
    )
  }
  if (view.getUint32(H.IDENTITY_CRC, true) !== native.crc32c(bytes.subarray(0, H.IDENTITY_CRC), 0))
    damaged('its checksum is wrong')
  const mismatch = (what: string): never => {
    throw new StateMismatchError(`${file} ${what}; open it as it was created, or stop what uses it and remove it`, {
      path: file,
    })
  }
  const kind = view.getUint32(H.KIND, true)
  if (kind !== plan.kind) mismatch(`is a ${nameOfKind(kind)}, not a ${plan.what}`)
  const parameters = plan.parameters.map((_, i) => view.getUint32(H.PARAMETERS + 4 * i, true))
  const size = plan.sizeOf(parameters)
  if (size !== mapping.size || view.getUint32(H.FILE_SIZE, true) !== size) {
    damaged(`with ${describe(plan, parameters)} it would have ${size} bytes, it has ${mapping.size}`)
  }
  plan.parameters.forEach(({ name, value, byDefault }, i) => {
    if (value === undefined || value === parameters[i]) return
    const why = parameters[i] === byDefault ? ', the default: the process that created it may have given none' : ''
    mismatch(`was created with ${name} ${parameters[i]}, not ${value}${why}`)
  })
  const hash = bytes.subarray(H.LAYOUT_HASH, H.LAYOUT_HASH + 8)
  if (plan.layoutHash !== undefined && !Buffer.from(plan.layoutHash).equals(hash))
    mismatch('holds frames of another definition')
  return parameters
}

function describe(plan: StatePlan, parameters: readonly number[]): string {
  return plan.parameters.map(({ name }, i) => `${name} ${parameters[i]}`).join(', ')
}

function nameOfKind(kind: number): string {
  const name = Object.entries(Kind).find(([, value]) => value === kind)?.[0]
  return name === undefined ? `file of unknown kind ${kind}` : name.toLowerCase().replaceAll('_', ' ')
}

/** The absolute path: later steps must not depend on the working directory at that time. */
function resolvePath(file: unknown, what: string): string {
  if (typeof file !== 'string' || file === '' || file.includes('\0') || file.endsWith('/')) {
    throw new InvalidOptionError(`${what}.open takes the path of its file, not ${formatValue(file)}`)
  }
  return resolve(file)
}

/** The file itself; in a replay a private copy of it, created when it is first opened. */
function pathFor(file: string): string {
  const path = privatePath(file)
  try {
    if (needsCopy(file)) {
      makeDirectories(dirname(path), 0o700)
      fs.copyFileSync(file, path)
    }
  } catch (error) {
    throw asStateError(error, file)
  }
  return path
}

function asStateError(error: unknown, file: string): unknown {
  if (error instanceof TicktapeError) return error
  const code = systemCode(error)
  if (code === 'EINVAL') return noStateFile(file, error)
  if (code === 'ELOOP')
    return new UnsafePathError(
      `${file} is a symbolic link, which a state file must not be; use the path it points to`,
      {
        path: file,
        cause: error,
      },
    )
  if (code === 'EISDIR')
    return new UnsafePathError(`${file} is a directory; a state file needs a path of its own`, {
      path: file,
      cause: error,
    })
  return fromSystemError(error, 'opening', file)
}
