import { tryReadIn, type Where } from '../../base/files/where.js'
import type { Directory } from '../../native/addon.js'

/** `repair` writes this file into its copy: the path of the damaged journal, and the types whose definitions were lost. */
export const REPAIR_FILE = 'repair.json'

export interface RepairRecord {
  /** The journal it was copied from. */
  readonly from: string
  /** ISO 8601. */
  readonly at: string
  /** Types of frames whose definitions were lost. */
  readonly lostTypes: readonly number[]
}

export function writeRepairRecord(directory: Directory, record: RepairRecord, mode: number): void {
  directory.writeFile(REPAIR_FILE, Buffer.from(`${JSON.stringify(record, null, 2)}\n`), mode)
}

/** Types of frames that may lack a definition in a repaired journal; none in others. */
export function lostTypes(directory: Where): readonly number[] {
  const bytes = tryReadIn(directory, REPAIR_FILE, MOST_BYTES)
  if (bytes === undefined) return []
  try {
    const record = JSON.parse(bytes.toString('utf8')) as Partial<Record<keyof RepairRecord, unknown>>
    return Array.isArray(record.lostTypes) ? record.lostTypes.filter(type => Number.isInteger(type)) : []
  } catch {
    return [] // damaged: then every frame must have a definition
  }
}

/** Enough for 65,535 types. */
const MOST_BYTES = 1024 * 1024
