import * as path from 'node:path'
import { formatAge } from '../../base/format-duration.js'
import { shellQuoted } from '../../base/shell.js'
import { Page } from '../../frames/format.js'
import { JournalNotFoundError } from '../../journal/errors.js'
import { inspect, isJournal, type JournalInfo, RETENTION_BLOCKED } from '../../journal/inspect/inspect.js'
import { native } from '../../native/index.js'
import { homeOf } from '../../trading/sequence/home.js'
import { formatBytes, grouped } from '../output/units.js'
import { bad, type DoctorFinding, type Machine, ok, warn } from './machine.js'

/** File systems by the magic number from statfs, and what mapping a file means on them. */
const FILE_SYSTEMS: Readonly<Record<number, readonly [name: string, verdict: 'ok' | 'warn' | 'bad', means: string]>> = {
  0x01021994: ['tmpfs', 'ok', 'in memory: lost when the machine stops'],
  0x858458f6: ['ramfs', 'warn', 'in memory, without a limit: it can use all of the memory'],
  0xef53: ['ext4', 'ok', ''],
  0x58465342: ['xfs', 'ok', ''],
  0x9123683e: ['btrfs', 'warn', 'copy-on-write: every sync of a page moves its blocks'],
  0x2fc12fc1: ['zfs', 'warn', 'mapped files are kept in memory twice'],
  0x794c7630: [
    'overlay',
    'warn',
    "a container's own layer: lost with the container, and slower; a reader that opens a file of the image before a writer does keeps the old copy, and fails with ERR_JOURNAL_REPLACED",
  ],
  0x6969: ['nfs', 'bad', 'on another machine: mapped memory is not shared, readers elsewhere see old bytes'],
  0xff534d42: ['cifs', 'bad', 'on another machine: mapped memory is not shared'],
  0xfe534d42: ['smb', 'bad', 'on another machine: mapped memory is not shared'],
  0x01021997: ['9p', 'bad', 'files of the host: mapped memory is not shared with it'],
  0x65735546: ['fuse', 'warn', 'mapping and syncing depend on the program that implements it'],
}

/** The number of further pages that should fit on the file system. */
const PAGES_AHEAD = 16

/**
 * Checks a journal's directory, or a directory in which a journal will be created.
 *
 * @throws {JournalNotFoundError} when there is no such directory.
 */
export function journalFindings(machine: Machine, directory: string): DoctorFinding[] {
  const space = machine.space(path.resolve(directory))
  if (space === undefined) throw new JournalNotFoundError(`there is no ${directory}`, { path: directory })
  const journal = isJournal(directory) ? inspect(directory) : undefined
  const findings = [
    fileSystem(space.type),
    roomAhead(space.free, journal?.pages[0]?.bytes ?? Page.DEFAULT_SIZE, directory),
  ]
  return journal === undefined
    ? findings
    : [...findings, soundness(journal), clockOf(journal, native.now()), writerOf(journal), readersOf(journal)]
}

function fileSystem(type: number): DoctorFinding {
  const [name, verdict, means] = FILE_SYSTEMS[type] ?? [`0x${type.toString(16)}`, 'ok', 'not a known file system']
  const advice = 'df -T    # a local ext4 or xfs, or /dev/shm'
  if (verdict === 'bad') return bad('file system', name, means, advice)
  return verdict === 'warn' ? warn('file system', name, means, advice) : ok('file system', name, means)
}

function roomAhead(free: number, pageSize: number, directory: string): DoctorFinding {
  const found = `${formatBytes(free)} free, pages of ${formatBytes(pageSize)}`
  const home = homeOf(directory)
  const type =
    home === undefined
      ? `ticktape prune ${shellQuoted(directory)} --bytes SIZE --dry-run`
      : `df -h ${shellQuoted(home)}    # the gateway's option 'retain' says which pages of the home may go`
  if (free < 2 * pageSize) return bad('room for pages', found, 'the next page will not fit: JournalFullError', type)
  if (free < PAGES_AHEAD * pageSize)
    return warn('room for pages', found, `fewer than ${PAGES_AHEAD} pages more will fit`, type)
  return ok('room for pages', found)
}

function soundness({ path: directory, problems, pages }: JournalInfo): DoctorFinding {
  const problem = problems.find(({ code }) => code !== RETENTION_BLOCKED)
  if (problem !== undefined)
    return bad(
      'journal',
      `${problem.code}: ${problem.message}`,
      'all or part of it cannot be read',
      `ticktape verify ${shellQuoted(directory)}    # then: ticktape repair ${shellQuoted(directory)}`,
    )
  return ok('journal', `${grouped(pages.length)} pages, headers sound`)
}

/** Less than this is what clocks of processors differ by, and how late a check is. In ns. */
const CLOCK_SLACK = 1_000_000n

/** Frames get no earlier time than the one before: a clock that was set back leaves them all with the same. */
function clockOf({ lastTime }: JournalInfo, now: bigint): DoctorFinding {
  if (lastTime === undefined || lastTime <= now + CLOCK_SLACK) return ok('clock', 'not behind the last frame')
  return warn(
    'clock',
    `${formatAge(Number(lastTime - now) / 1e6)} behind the last frame's time`,
    'it was set back, or a program gave that time: until it has passed, all frames get the same time, and merged journals lose their order',
    'timedatectl    # or: chronyc tracking',
  )
}

function writerOf({ writer }: JournalInfo): DoctorFinding {
  if (writer.held === undefined) return ok('writer', 'this user has no permission to check')
  return ok('writer', writer.held ? `pid ${writer.pid ?? 'unknown'} since ${writer.since ?? 'unknown'}` : 'none')
}

/** Named readers that prevent retention from removing pages, and closed ones that would prevent it. */
function readersOf({ path: directory, readers, pages, problems }: JournalInfo): DoctorFinding {
  const capacity = pages[0]?.capacity ?? 1
  const blocked = problems.filter(({ code }) => code === RETENTION_BLOCKED)
  const behind = readers.filter(reader => !reader.alive && reader.lag > capacity)
  const names = behind.map(reader => reader.name).join(', ')
  const closed = behind.length === 0 ? '' : `closed, and more than a page behind: ${names}`
  const found = blocked.length === 0 ? closed : blocked.map(({ message }) => message).join('; ')
  if (found === '') return ok('named readers', `${readers.length}`)
  // In a home nothing but the reader may go.
  const limit = homeOf(directory) === undefined ? `--pages ${pages.length} ` : ''
  const type =
    behind.length === 0
      ? `ticktape ls ${shellQuoted(directory)}    # they are open: check that they keep up`
      : `ticktape prune ${shellQuoted(directory)} ${limit}--forget ${shellQuoted(behind[0].name)} --dry-run    # then without --dry-run, if it will never be opened again`
  return warn('named readers', found, 'retention keeps every page they have not read', type)
}
