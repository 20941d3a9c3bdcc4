import * as fs from 'node:fs'
import type { Schema } from '../../frames/schema.js'
import { prefixHashes } from '../../frames/schema-prefixes.js'
import { pagePath } from '../files/directory.js'
import { slotsOf } from '../pages/header.js'
import { openPage } from '../pages/page.js'
import type { Findings } from './findings.js'
import { isDamage, type PageReport } from './page.js'

/** Checks the sequence of pages: none is missing, all but the last are sealed, and times and epochs never go back. */
export function checkSequence(
  directory: string,
  reports: readonly PageReport[],
  schema: Schema | undefined,
  findings: Findings,
): void {
  const known = schema === undefined ? undefined : prefixHashes(schema)
  const size = reports.find(({ header }) => header !== undefined)?.header?.pageSize
  let lastTime = 0n
  let lastEpoch = 0
  let lastPrefix = 0
  reports.forEach((report, i) => {
    const { page, path, header } = report
    const before = reports[i - 1] as PageReport | undefined
    const tell = (what: string): void => findings.add({ path, page, what })
    if (before !== undefined && before.page + 1 < page) {
      const from = before.page + 1
      const what =
        from === page - 1
          ? 'it is missing between its neighbours'
          : `it is missing, and so are all up to page ${page - 1}`
      findings.add({ path: pagePath(directory, from), page: from, what })
    }
    if (header === undefined) return
    if (header.pageSize !== size) tell(`it has ${header.pageSize} bytes, the pages before it have ${size}`)
    if (header.epoch < lastEpoch)
      tell(`it was made by writer ${header.epoch}, the page before it by writer ${lastEpoch}`)
    lastEpoch = Math.max(lastEpoch, header.epoch)
    if (known !== undefined) {
      const prefix = known.get(header.layoutHash)
      if (prefix === undefined) tell('it was made with other definitions than schema.json begins with')
      else if (prefix < lastPrefix) tell('it was made with fewer definitions than the page before it')
      lastPrefix = Math.max(lastPrefix, prefix ?? 0)
    }
    if (header.firstTime !== undefined && header.firstTime < lastTime) {
      findings.add({
        path,
        page,
        slot: 0,
        position: page * slotsOf(header.pageSize),
        what: "the frame's time is before that of the page before it",
      })
    }
    lastTime = header.lastTime ?? lastTime
    if (before !== undefined && header.used > 0) checkSealed(directory, before, findings)
  })
  checkEnd(directory, reports, findings)
}

/** A page that is followed by frames must be sealed: otherwise readers would never reach those frames. */
function checkSealed(directory: string, before: PageReport, findings: Findings): void {
  if (before.header === undefined || before.header.sealed || isSealedNow(directory, before.page)) return
  findings.add({ path: before.path, page: before.page, what: 'it is not sealed, though the page after it has frames' })
}

/** The pages after the last sealed one: the page being written, and one prepared page. */
function checkEnd(directory: string, reports: readonly PageReport[], findings: Findings): void {
  const last = reports.at(-1)
  if (last?.header?.sealed === true && !fs.existsSync(pagePath(directory, last.page + 1))) {
    findings.add({
      path: pagePath(directory, last.page + 1),
      page: last.page + 1,
      what: 'it is missing, though the page before it is sealed',
    })
  }
  const open = reports.findIndex(({ header }) => header !== undefined && !header.sealed)
  if (open < 0 || open >= reports.length - 2 || isSealedNow(directory, reports[open].page)) return
  const { path, page } = reports[open]
  const empty = reports.slice(open + 1).every(({ header }) => header === undefined || header.used === 0)
  if (empty)
    findings.add({
      path,
      page,
      what: `it is not sealed, though ${reports.length - 1 - open} pages follow it; a writer prepares one`,
    })
}

/** Reads the seal again: the writer may have continued between our checks of two pages. */
function isSealedNow(directory: string, pageNumber: number): boolean {
  try {
    const page = openPage(directory, pageNumber, false)
    try {
      return page.sealed
    } finally {
      page.mapping.close()
    }
  } catch (error) {
    if (isDamage(error)) return false
    throw error
  }
}
