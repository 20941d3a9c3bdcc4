import { tryReadIn } from '../../base/files/where.js'
import { InstrumentTable } from '../../frames/instruments.js'
import { FileName } from '../files/directory.js'
import { MAX_INSTRUMENTS_BYTES, readInstruments } from '../files/instruments-file.js'
import { isDamage } from '../verify/page.js'

/** The instruments of a journal, as far as they can be read. */
export interface SavedInstruments {
  readonly table: InstrumentTable
  /** 'none': there was no instruments.json. 'kept': it was intact. 'rebuilt': only its intact entries were kept. 'lost': there was no intact entry. */
  readonly state: 'none' | 'kept' | 'rebuilt' | 'lost'
}

/**
 * Reads instruments.json; from a damaged file, each intact entry is read by itself. The temporary file of a writer that died is
 * used as well, if it is complete.
 */
export function saveInstruments(directory: string): SavedInstruments {
  try {
    const table = readInstruments(directory)
    return { table, state: table.size === 0 ? 'none' : 'kept' }
  } catch (error) {
    if (!isDamage(error)) throw error
  }
  const table =
    parseWhole(readText(directory, FileName.INSTRUMENTS + FileName.TEMPORARY_SUFFIX)) ??
    InstrumentTable.salvage(readText(directory, FileName.INSTRUMENTS))
  return { table, state: table.size === 0 ? 'lost' : 'rebuilt' }
}

function parseWhole(text: string): InstrumentTable | undefined {
  try {
    return InstrumentTable.parse(text, '')
  } catch {
    return undefined // also damaged
  }
}

/** A file's text, if it is a regular file of a size to be read; else '': the report says that instruments are lost. */
function readText(directory: string, name: string): string {
  return tryReadIn(directory, name, MAX_INSTRUMENTS_BYTES)?.toString('utf8') ?? ''
}
