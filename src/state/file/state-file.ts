import { randomBytes } from 'node:crypto'
import * as fs from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { ClosedError, InvalidOptionError, TicktapeError, UnsafePathError } from '../../base/errors.js'
import { formatValue } from '../../base/format-value.js'
import { sleepThread } from '../../base/sleep.js'
import { fromSystemError, systemCode } from '../../base/system-error.js'
import { FormatVersionError } from '../../frames/errors.js'
import type { Mapping } from '../../native/addon.js'
import { native } from '../../native/index.js'
import { CorruptStateError, StateBusyError, StateMismatchError } from '../errors.js'
import { Header as H, Kind, STATE_MAGIC, STATE_VERSION } from './format.js'
import { isStateFile, noStateFile } from './magic.js'
import { checkDirectory, checkTrust, makeDirectory } from './trust.js'

/** What a state file is made as, or must be to be opened. */
export interface StatePlan {
  /** What users call it, for messages: 'TopOfBook'. */
  readonly what: string
  /** One of `Kind`. */
  readonly kind: number
  /** The sizes it was asked for, by name and in the format's order. Undefined: whatever the file has, or the default. */
  readonly parameters: readonly {
    readonly name: string
    readonly value: number | undefined
    readonly byDefault: number
  }[]
  /** Bytes the file has with these sizes. Throws nothing: sizes read from a file may be anything. */
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
 * A mapped state file. Whoever comes first makes it; it can be seen only once it is complete, so that no death leaves half of one.
 */
export class StateFile {
  private closed = false

  private constructor(
    readonly path: string,
    readonly mapping: Mapping,
    readonly parameters: readonly number[],
    private readonly what: string,
  ) {}

  /**
   * Opens a state file, making it where there is none.
   *
   * @throws {InvalidOptionError, UnsafePathError, CorruptStateError, StateMismatchError, FormatVersionError, NoSpaceError,
   * SystemCallError}
   */
  static open(path: string, plan: StatePlan): StateFile {
    const file = resolvePath(path, plan.what)
    for (let attempt = 0; ; attempt++) {
      try {
        return StateFile.map(file, plan, plan.mode)
      } catch (error) {
        // Gone again, or made by another since: the next attempt sees which. Many times over somebody is removing it all the time.
        if (systemCode(error) !== 'ENOENT' || attempt === 100) throw asStateError(error, file)
      }
      create(file, plan)
    }
  }

  /**
   * Opens one that is there, whoever may write it: see `checkTrust`. For the operator, who names a file and trusts it with nothing.
   * Undefined when there is none.
   */
  static openExisting(path: string, plan: StatePlan): StateFile | undefined {
    const file = resolvePath(path, plan.what)
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

  /** Detaches the memory: typed arrays over it read undefined, so whoever has some forgets them too. Any number of times. */
  close(): void {
    this.closed = true
    this.mapping.close()
  }

  throwIfClosed(): void {
    if (this.closed)
      throw new ClosedError(`the ${this.what} of ${this.path} is closed; open another`, { path: this.path })
  }

  /** Some bytes contradict the format. */
  corrupt(what: string): never {
    throw new CorruptStateError(`${this.path} is damaged: ${what}; stop what uses it and remove it`, {
      path: this.path,
    })
  }

  /** Runs `action` while no other process, and no other opening of the file, is in such a section. */
  locked<T>(action: () => T): T {
    for (let i = 0; !this.mapping.lockRange(H.LOCK_BYTE, 1); i++) {
      if (i === LOCK_ATTEMPTS) {
        throw new StateBusyError(
          `another process has held the lock of ${this.path} for ${LOCK_ATTEMPTS} ms; is it stopped?`,
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

  /** Runs `action`, under the lock, when the file is opened first since the machine booted: what counts from boot means nothing then. */
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

/** Makes the file complete under a name of its own, then gives it the one it is known by; another process's is left as it is. */
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
      // There already: another process was first. Gone: one in another pid namespace took this one for dead, and the next attempt makes it.
      if (systemCode(error) !== 'EEXIST' && systemCode(error) !== 'ENOENT') throw error
    } finally {
      fs.rmSync(temporary, { force: true })
    }
  } catch (error) {
    throw asStateError(error, file)
  }
}

/** Temporary files of processes that died while they made one. */
function removeAbandoned(file: string): void {
  const directory = dirname(file)
  const prefix = `${basename(file)}.`
  for (const name of fs.readdirSync(directory)) {
    if (!name.startsWith(prefix)) continue
    const maker = /^(\d+)-(\d+)-[0-9a-f]{8}\.tmp$/.exec(name.slice(prefix.length))
    // A maker in another pid namespace looks dead though it lives: it makes its file again.
    if (maker !== null && native.processStart(Number(maker[1])) !== Number(maker[2]))
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

/** Checks all the header says against itself, the file and the plan. Returns the sizes the file was made with. */
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
    throw new StateMismatchError(`${file} ${what}; open it as it was made, or stop what uses it and remove it`, {
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
    const why = parameters[i] === byDefault ? ', the default: whoever came first may have given none' : ''
    mismatch(`was made with ${name} ${parameters[i]}, not ${value}${why}`)
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

/** The path as it means now: what is done later must not depend on where the process is by then. */
function resolvePath(file: unknown, what: string): string {
  if (typeof file !== 'string' || file === '' || file.includes('\0') || file.endsWith('/')) {
    throw new InvalidOptionError(`${what}.open takes the path of its file, not ${formatValue(file)}`)
  }
  return resolve(file)
}

function asStateError(error: unknown, file: string): unknown {
  if (error instanceof TicktapeError) return error
  const code = systemCode(error)
  if (code === 'EINVAL') return noStateFile(file, error)
  if (code === 'ELOOP')
    return new UnsafePathError(`${file} is a symbolic link; a state file must not be, so use the path it points to`, {
      path: file,
      cause: error,
    })
  if (code === 'EISDIR')
    return new UnsafePathError(`${file} is a directory; a state file needs a path of its own`, {
      path: file,
      cause: error,
    })
  return fromSystemError(error, 'opening', file)
}
