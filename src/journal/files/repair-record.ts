import * as fs from 'node:fs'
import * as path from 'node:path'

/** What `repair` leaves in a journal it made: where it comes from, and what is missing. */
export const REPAIR_FILE = 'repair.json'

export interface RepairRecord {
  /** The journal it was copied from. */
  readonly from: string
  /** ISO 8601. */
  readonly at: string
  /** Types of frames whose definitions were lost. */
  readonly lostTypes: readonly number[]
}

export function writeRepairRecord(directory: string, record: RepairRecord, mode: number): void {
  fs.writeFileSync(path.join(directory, REPAIR_FILE), `${JSON.stringify(record, null, 2)}\n`, { mode, flag: 'wx' })
}

/** Types of frames that may lack a definition in a repaired journal; none in others. */
export function lostTypes(directory: string): readonly number[] {
  const file = path.join(directory, REPAIR_FILE)
  let text: string
  try {
    const fd = fs.openSync(file, fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW | fs.constants.O_NONBLOCK)
    try {
      if (fs.fstatSync(fd).size > MOST_BYTES) return []
      text = fs.readFileSync(fd, 'utf8')
    } finally {
      fs.closeSync(fd)
    }
    const record = JSON.parse(text) as Partial<Record<keyof RepairRecord, unknown>>
    return Array.isArray(record.lostTypes) ? record.lostTypes.filter(type => Number.isInteger(type)) : []
  } catch {
    return [] // not a repaired journal, or not a record to be believed: then every frame wants its definition
  }
}

/** 65,535 types and some. */
const MOST_BYTES = 1024 * 1024
