import type { Command } from 'commander'
import { now } from '../../base/clock.js'
import { formatAge } from '../../base/format-duration.js'
import { JournalNotFoundError } from '../../journal/errors.js'
import {
  findJournals,
  inspect,
  type JournalInfo,
  type PageInfo,
  RETENTION_BLOCKED,
} from '../../journal/inspect/inspect.js'
import { findStateFiles, type StateFileInfo } from '../../state/file/find.js'
import { Exit, printable } from '../output/failure.js'
import { wrapped } from '../output/help.js'
import { Output, paint } from '../output/output.js'
import { table } from '../output/table.js'
import { formatBytes, formatTime, grouped } from '../output/units.js'

/** The number of pages shown without --all. */
const SHOWN_PAGES = 8

export function registerLs(program: Command): void {
  program
    .command('ls')
    .description('show journals: pages, writer, named readers and how far behind they are; and state files: kind, size')
    .argument('<dir...>', 'journals, or directories that hold journals')
    .option('--json', 'one JSON object, {"journals":[...],"stateFiles":[...]}')
    .option('-a, --all', `all pages, not just the first and the last ${SHOWN_PAGES - 1}`)
    .addHelpText('after', wrapped(HELP))
    .action(async (directories: string[], options: { json?: boolean; all?: boolean }) => {
      process.exitCode = await ls(directories, options)
    })
}

const HELP = `
Positions and lag are in slots of 64 bytes. Exit code 1 when a file of a journal is not what it should be or cannot be read.
A problem RETENTION_BLOCKED is a named reader that still needs pages which the writer's 'retain' would remove.

Examples:
  $ ticktape ls /dev/shm/desk
  $ ticktape ls orders --json | jq '.journals[].readers[] | select(.lag > 1000)'`

async function ls(
  directories: readonly string[],
  options: { readonly json?: boolean; readonly all?: boolean },
): Promise<number> {
  const found = directories.map(journalsIn)
  const journals = found.flatMap(({ paths }) => paths).map(inspect)
  const stateFiles = found.flatMap(({ states }) => states)
  const out = new Output()
  if (options.json === true) out.json({ journals, stateFiles })
  else {
    journals.forEach((journal, i) => describe(out, journal, options.all === true, i > 0))
    if (stateFiles.length > 0) stateTable(out, stateFiles, journals.length > 0)
  }
  await out.flush()
  return journals.some(({ problems }) => problems.some(({ code }) => code !== RETENTION_BLOCKED))
    ? Exit.DAMAGED
    : Exit.OK
}

function journalsIn(directory: string): {
  readonly paths: readonly string[]
  readonly states: readonly StateFileInfo[]
} {
  const states = findStateFiles(directory)
  const paths = states[0]?.path === directory ? [] : findJournals(directory)
  if (paths.length + states.length > 0) return { paths, states }
  throw new JournalNotFoundError(`there is no journal in ${directory} or below`, { path: directory })
}

function describe(out: Output, journal: JournalInfo, all: boolean, apart: boolean): void {
  if (apart) out.line('')
  const { pages, firstPosition, endPosition, firstTime, lastTime } = journal
  out.line(paint('bold', printable(journal.path)))
  out.line(
    `  positions  ${grouped(firstPosition)} to ${grouped(endPosition)}, ${count(pages.length, 'page')}, ${formatBytes(journal.bytes)}`,
  )
  if (firstTime !== undefined && lastTime !== undefined)
    out.line(`  times      ${formatTime(firstTime)} to ${formatTime(lastTime)}`)
  out.line(`  writer     ${writerText(journal)}`)
  out.line(`  frames     ${journal.frames.map(({ id, name }) => `${name} (${id})`).join(', ') || 'none defined yet'}`)
  for (const { code, message } of journal.problems)
    out.line(`  ${paint(code === RETENTION_BLOCKED ? 'yellow' : 'red', 'problem')}    ${code}: ${printable(message)}`)
  if (pages.length > 0) pageTable(out, pages, all)
  if (journal.readers.length > 0) readerTable(out, journal)
}

function writerText({ writer }: JournalInfo): string {
  const who = `pid ${writer.pid ?? 'unknown'} on ${printable(writer.host ?? 'an unknown host')}, epoch ${writer.epoch ?? 'unknown'}, since ${printable(writer.since ?? 'unknown')}`
  if (writer.held === undefined) return `this user has no permission to check; last: ${who}`
  if (writer.held) return who
  return writer.pid === undefined ? 'none' : `none; last: ${who}`
}

function pageTable(out: Output, pages: readonly PageInfo[], all: boolean): void {
  const hidden = all || pages.length <= SHOWN_PAGES ? 0 : pages.length - SHOWN_PAGES
  const shown = hidden === 0 ? pages : [pages[0], ...pages.slice(hidden + 1)]
  const rows = shown.map(page => [
    String(page.page),
    page.state,
    String(page.firstPosition),
    `${page.used}/${page.capacity}`,
    page.durable > 0 || page.checked ? String(page.durable) : '-',
    String(page.epoch),
    formatTime(page.created).slice(0, 19),
    formatBytes(page.bytes),
  ])
  const lines = table(
    [['page', 'state', 'first position', 'slots used', 'durable', 'epoch', 'created (UTC)', 'size'], ...rows],
    'rlrrrrlr',
  )
  if (hidden > 0) lines.splice(2, 0, `... ${count(hidden, 'page')} more; see them with --all`)
  for (const line of lines) out.line(`  ${line}`)
}

function readerTable(out: Output, journal: JournalInfo): void {
  const clock = now()
  const rows = journal.readers.map(reader => [
    printable(reader.name),
    reader.alive ? 'open' : 'closed',
    String(reader.pid),
    String(reader.position),
    grouped(reader.lag),
    `${formatAge(Math.max(0, Number(clock - reader.heartbeat) / 1e6))} ago`,
  ])
  for (const line of table([['reader', 'state', 'pid', 'position', 'lag', 'heartbeat'], ...rows], 'llrrrr'))
    out.line(`  ${line}`)
}

function stateTable(out: Output, files: readonly StateFileInfo[], apart: boolean): void {
  if (apart) out.line('')
  out.line(paint('bold', 'state files'))
  const rows = files.map(({ path, kind, bytes }) => [printable(path), kind, formatBytes(bytes)])
  for (const line of table([['file', 'kind', 'size'], ...rows], 'llr')) out.line(`  ${line}`)
}

function count(number: number, what: string): string {
  return `${grouped(number)} ${what}${number === 1 ? '' : 's'}`
}
