import * as fs from 'node:fs'
import * as path from 'node:path'
import { loadWord } from '../../base/load-word.js'
import { Control as C, ReaderSlot as R, READER_SLOTS, ReaderState } from '../../frames/format.js'
import { Control } from '../control/control.js'
import { checkReaderName, listReaders } from '../control/reader-registry.js'
import { PositionError, PositionGoneError } from '../errors.js'
import { FileName } from '../files/directory.js'
import { seekPosition } from '../seek/seek.js'
import type { Finding, Findings } from './findings.js'
import { isDamage, withoutAdvice } from './page.js'

/**
 * Checks the control file and its reader slots.
 *
 * @param expected whether the journal has pages, so that the file must exist.
 * @param pagesSound whether the pages are sound, so that readers' positions can be checked against them.
 */
export function checkControl(
  directory: string,
  expected: boolean,
  pagesSound: boolean,
  findings: Findings,
  notes: Finding[],
): void {
  const file = path.join(directory, FileName.CONTROL)
  let control: Control | undefined
  try {
    control = Control.openForReader(directory)
  } catch (error) {
    if (!isDamage(error)) throw error
    findings.add({ path: file, what: withoutAdvice(error.message) })
    return
  }
  if (control === undefined) {
    if (fs.existsSync(file)) notes.push({ path: file, what: 'this user may not read it' })
    else if (expected) findings.add({ path: file, what: "it is missing, and with it the named readers' positions" })
    return
  }
  try {
    checkReaderSlots(control, findings)
    if (pagesSound) checkPositions(directory, control, findings, notes)
  } finally {
    control.close()
  }
}

function checkReaderSlots(control: Control, findings: Findings): void {
  const words = new Int32Array(control.mapping.buffer)
  const states = Object.values(ReaderState) as number[]
  for (let i = 0; i < READER_SLOTS; i++) {
    const at = C.HEADER_SIZE + i * R.SIZE
    const state = loadWord(words, (at + R.STATE) >> 2)
    if (!states.includes(state))
      findings.add({
        path: control.file,
        what: `reader slot ${i} (byte ${at}) has the unknown state ${state}`,
      })
  }
  const names = new Set<string>()
  for (const { name } of listReaders(control)) {
    if (!isReaderName(name))
      findings.add({ path: control.file, what: `a reader has the invalid name ${JSON.stringify(name)}` })
    else if (names.has(name)) findings.add({ path: control.file, what: `two readers have the name '${name}'` })
    names.add(name)
  }
}

function checkPositions(directory: string, control: Control, findings: Findings, notes: Finding[]): void {
  for (const { name, position } of listReaders(control)) {
    try {
      seekPosition(directory, position, control).page.mapping.close()
    } catch (error) {
      if (error instanceof PositionGoneError) {
        notes.push({
          path: control.file,
          position,
          what: `reader '${name}' stopped at a position that has been removed; the first existing position is ${error.first}`,
        })
      } else if (error instanceof PositionError) {
        findings.add({
          path: control.file,
          position,
          what: `reader '${name}' stopped at a position where no frame begins: ${error.message}`,
        })
      } else {
        throw error
      }
    }
  }
}

function isReaderName(name: string): boolean {
  try {
    checkReaderName(name)
    return true
  } catch {
    return false
  }
}
