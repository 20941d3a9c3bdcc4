import { readFileSync } from 'node:fs'
import { Session } from 'node:inspector/promises'
import { fileURLToPath } from 'node:url'

/** A part of the library, or of what is below it, and its share of the processor time: 0 to 1. */
export interface Share {
  readonly name: string
  readonly share: number
}

/** µs between two samples. */
const INTERVAL_US = 100
/** The bundler says of each part of a file which module it was. */
const MODULE = /^\/\/ build-ts\/(.+)\.js$/

/**
 * Samples this thread until `end`, with V8's own profiler, and adds up the time of the functions themselves by the folder of src/ that they
 * are in.
 */
export class Profile {
  private constructor(private readonly session: Session) {}

  static async begin(): Promise<Profile> {
    const session = new Session()
    session.connect()
    await session.post('Profiler.enable')
    await session.post('Profiler.setSamplingInterval', { interval: INTERVAL_US })
    await session.post('Profiler.start')
    return new Profile(session)
  }

  /** The shares, the largest first. */
  async end(): Promise<Share[]> {
    const { profile } = await this.session.post('Profiler.stop')
    this.session.disconnect()
    const nameOf = new Map(profile.nodes.map(({ id, callFrame }) => [id, partOf(callFrame)]))
    const times = new Map<string, number>()
    let total = 0
    for (const [i, id] of (profile.samples ?? []).entries()) {
      const name = nameOf.get(id)
      const us = profile.timeDeltas?.[i] ?? 0
      if (name === undefined || us < 0) continue
      times.set(name, (times.get(name) ?? 0) + us)
      total += us
    }
    return [...times].map(([name, us]) => ({ name, share: us / total })).sort((a, b) => b.share - a.share)
  }
}

interface CallFrame {
  readonly functionName: string
  readonly url: string
  readonly lineNumber: number
}

function partOf({ functionName, url, lineNumber }: CallFrame): string | undefined {
  if (functionName === '(idle)' || functionName === '(root)') return undefined
  if (functionName === '(garbage collector)') return 'collection of garbage'
  if (functionName === '(program)' || url === '' || url.startsWith('node:')) return 'V8, Node and the addon'
  if (!url.includes('/dist/')) return 'the benchmark'
  const lines = linesOf(fileURLToPath(url))
  for (let line = lineNumber; line >= 0; line--) {
    const module = MODULE.exec(lines[line] ?? '')
    if (module !== null) return `src/${module[1].split('/').slice(0, -1).slice(0, 2).join('/')}`
  }
  return 'the library'
}

const files = new Map<string, readonly string[]>()

function linesOf(file: string): readonly string[] {
  let lines = files.get(file)
  if (lines === undefined) files.set(file, (lines = readFileSync(file, 'utf8').split('\n')))
  return lines
}

/** A table of shares in percent, those of at least one percent. */
export function sharesTable(title: string, shares: readonly Share[]): string {
  const rows = shares.filter(({ share }) => share >= 0.01)
  return [
    `| ${title} | % |`,
    '| --- | ---: |',
    ...rows.map(({ name, share }) => `| ${name} | ${(100 * share).toFixed(1)} |`),
  ].join('\n')
}
