import { CorruptJournalError } from '../../frames/errors.js'
import type { FrameSink } from '../../frames/frame-recorder.js'
import type { FrameView } from '../../frames/view.js'
import type { Writer } from '../../journal/write/writer.js'
import type { CalendarSpec } from '../instruments/session-calendar.js'
import type { RiskOptions } from '../risk/limits.js'
import type { RequestLimits } from '../venues/request-limits.js'
import { Config } from './frames.js'

const PART_BYTES = 400

/** What the configuration in effect says of one venue. */
export interface VenueConfig {
  readonly name: string
  readonly accounts: readonly string[]
  readonly canAmend: boolean
  readonly deterministic: boolean
  /** Whether an adapter in a process of its own talks to it. */
  readonly isRemote: boolean
  /** Of a simulated exchange: from what it can be built again. */
  readonly configuration?: unknown
  /** How many requests it takes. They may change from run to run. */
  readonly requestLimits?: RequestLimits | undefined
}

/** The configuration in effect, as the sequence has it. JSON. */
export interface DeskConfig {
  readonly risk: RiskOptions
  readonly venues: readonly VenueConfig[]
  /** How long a request may act at a venue, in ms; 0 without a limit. */
  readonly expiryMs: number
  /** How long a strategy may be gone before its open orders are cancelled, in ms; 0: no limit. Missing in older homes. */
  readonly deadManMs?: number
  /** By name: when the instruments with that calendar may be traded. */
  readonly calendars?: Readonly<Record<string, CalendarSpec>>
  /** What the desk was to run, as its desk.json has it; undefined when it was started without one. */
  readonly description?: unknown
}

/** Writes the configuration, in one store if it fits on a page. */
export function writeConfig(writer: Writer, config: DeskConfig): void {
  const bytes = Buffer.from(JSON.stringify(config))
  const parts = Math.max(1, Math.ceil(bytes.length / PART_BYTES))
  if (parts * Config.slots <= writer.pageSlots)
    writer.atomic(parts * Config.slots, () => writeParts(writer, bytes, parts))
  else writeParts(writer, bytes, parts)
}

function writeParts(sink: FrameSink, bytes: Buffer, parts: number): void {
  for (let part = 0; part < parts; part++) {
    const text = bytes.subarray(part * PART_BYTES, (part + 1) * PART_BYTES)
    const frame = sink.begin(Config)
    frame.part = part
    frame.size = text.length
    frame.last = part === parts - 1
    frame.text = text
    sink.commit()
  }
}

/** Puts the parts of a configuration together. */
export class ConfigReader {
  private parts: Uint8Array[] = []

  /**
   * Returns the configuration when the last part has come.
   *
   * @throws {CorruptJournalError} when its bytes are no configuration: they were changed.
   */
  add(frame: FrameView<typeof Config>): DeskConfig | undefined {
    // A gateway that was killed may have left the beginning of another.
    if (frame.part === 0) this.parts = []
    this.parts.push(frame.text.subarray(0, frame.size))
    if (!frame.last || this.parts.length !== frame.part + 1) return undefined
    const text = Buffer.concat(this.parts).toString('utf8')
    this.parts = []
    return configIn(text, frame.position)
  }
}

function configIn(text: string, position: number): DeskConfig {
  let value: Partial<DeskConfig> | null | undefined
  try {
    value = JSON.parse(text) as Partial<DeskConfig> | null
  } catch {
    // Refused below, with its position.
  }
  if (typeof value?.risk === 'object' && value.risk !== null && Array.isArray(value.venues)) return value as DeskConfig
  throw new CorruptJournalError(
    `the configuration that ends at position ${position} of the sequence is damaged: its text is not what a gateway writes`,
    { position },
  )
}
