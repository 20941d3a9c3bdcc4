import { existsSync } from 'node:fs'
import { listDirectory, pagePath } from '../../journal/files/directory.js'
import { verify } from '../../journal/verify/verify.js'
import { PagesGoneError } from '../errors.js'
import type { ReplayVerdict } from './verdict.js'

/**
 * The verdict 'same' becomes 'different' for a journal whose bytes were changed afterwards where no decision depends on them. Its checksums and
 * its structure tell. With the durability 'process' there are no checksums.
 */
export async function checkBytes(verdict: ReplayVerdict, journal: string): Promise<ReplayVerdict> {
  if (verdict.verdict !== 'same') return verdict
  const damage = await damageOf(journal)
  if (damage === undefined) return verdict
  const text = `all is decided the same, but ${journal} is not as it was written: ${damage}`
  return { ...verdict, verdict: 'different', text }
}

/** What is wrong with the bytes of a journal; undefined when nothing is. */
async function damageOf(journal: string): Promise<string | undefined> {
  const { findings, omitted } = await verify(journal)
  const damaged = findings.filter(({ page }) => page !== undefined)
  const [first] = damaged
  if (first === undefined) return undefined
  const { path, position, what } = first
  const place = position === undefined ? path : `${path}, position ${position}`
  const others = damaged.length - 1 + omitted
  return `${place}: ${what}${others === 0 ? '' : `; and ${others} more, see 'ticktape verify ${journal}'`}`
}

/** @throws {PagesGoneError} when a page of a journal is gone that was between others, or was the only one. */
export function checkPages(journal: string): void {
  if (missingPage(journal) === undefined) return
  // Retention may have removed pages while they were listed: then the second list has no gap.
  const missing = missingPage(journal)
  if (missing !== undefined) throw new PagesGoneError(missing, { path: journal })
}

function missingPage(journal: string): string | undefined {
  if (!existsSync(journal)) return undefined
  const { pages } = listDirectory(journal)
  if (pages.length === 0) return `the page ${pagePath(journal, 0)} is gone, and there is no other one`
  const at = pages.findIndex((page, i) => i > 0 && page !== pages[i - 1] + 1)
  if (at < 0) return undefined
  return `the page ${pagePath(journal, pages[at - 1] + 1)} is gone; there are pages before it and behind it`
}
