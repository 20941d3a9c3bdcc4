/** What a disk may have of a home after a power loss: each journal is a prefix of what was written, each another one. */
import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { Reader } from 'ticktape'
import { isJournal } from '../../dist/journal/inspect/inspect.js'
import { openPage } from '../../dist/journal/pages/page.js'
import { cutPage } from '../../dist/journal/pages/page-end.js'
import { moveToOtherBoot, pageFile } from './journals.ts'

/** The journals of a home: the sequence, those of strategies and of venues. */
export function journalsOf(home: string): string[] {
  const found = [join(home, 'gateway')]
  for (const folder of ['strategies', 'venues'])
    for (const name of namesIn(join(home, folder))) found.push(join(home, folder, name))
  return found.filter(directory => isJournal(directory))
}

/** The positions of a journal's frames, and of its end. */
export function positionsOf(journal: string): number[] {
  const positions: number[] = []
  using reader = Reader.open(journal)
  for (const frame of reader) positions.push(frame.position)
  positions.push(reader.position)
  return positions
}

/** The first position that a power loss may take: what is before it was synced. */
export function durableEnd(journal: string): number {
  let end = 0
  for (const number of pagesOf(journal)) {
    const page = openPage(journal, number, false)
    if (page.durable > 0) end = page.firstPosition + page.durable
    page.mapping.close()
  }
  return end
}

/** Removes all frames of a journal from a position on. */
export function cutJournal(journal: string, position: number): void {
  const pages = pagesOf(journal)
  const first = openPage(journal, pages[0], false)
  first.mapping.close()
  const last = Math.floor(position / first.capacity)
  for (const number of pages) if (number > last) rmSync(pageFile(journal, number))
  if (!pages.includes(last)) return
  const page = openPage(journal, last, true)
  cutPage(page, position - page.firstPosition, true)
  page.mapping.close()
}

/** The machine starts again: all pages are of an earlier boot. */
export function endBoot(home: string): void {
  for (const journal of journalsOf(home))
    for (const number of pagesOf(journal)) moveToOtherBoot(pageFile(journal, number))
}

function pagesOf(journal: string): number[] {
  return namesIn(journal)
    .filter(name => name.endsWith('.page'))
    .map(name => Number.parseInt(name, 10))
    .sort((a, b) => a - b)
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}
