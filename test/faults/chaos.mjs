/**
 * Kills writers. Arguments: a folder to work in, then
 *
 *     points TURNS         at every crash point in native/core and src, when it is reached for these times ('1,2,5'), in
 *                          every scenario that reaches it
 *     points first         at every crash point when it is reached first, in one scenario: each begins with another one
 *     random COUNT SEED    COUNT times at random moments under full load
 *
 * After each death: readers see the same frames after recovery as before, from the first one on, complete, without a gap or a duplicate;
 * every frame whose flush had resolved is there; and the next writer continues. Prints one line of JSON with what it did.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Reader, Writer } from 'ticktape'
import { checkInstruments, instrumentOf, readAllNumbered, readNumbered, writeNumbered } from './numbered.mjs'
import { randomFrom } from './random.mjs'

const [folder, mode, ...rest] = process.argv.slice(2)
const root = path.join(import.meta.dirname, '../..')
/** More frames than three pages hold. */
const PAGES_OF_FRAMES = 700
let journals = 0

/** One journal, a reader that follows it through the deaths of all its writers, and the frames that are known to be in it. */
class Subject {
  directory = path.join(folder, `${journals++}`)
  promises = `${this.directory}.promises`
  /** All frames that the reader has read. */
  seen = []
  generation = 0
  reader = undefined
  /** How many frames this reader has read. */
  read = 0

  constructor(durability) {
    this.durability = durability
    fs.writeFileSync(this.promises, '')
  }

  start(frames, env = {}) {
    const args = [
      path.join(import.meta.dirname, 'writer-to-kill.mjs'),
      this.directory,
      this.durability,
      ++this.generation,
      frames,
      this.promises,
    ]
    const child = spawn(process.execPath, args.map(String), {
      cwd: root,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    child.errors = ''
    child.stderr.on('data', chunk => (child.errors += String(chunk)))
    child.ended = once(child, 'close').then(([code, signal]) => ({ code, signal }))
    return child
  }

  /** Reads the frames that exist, if the journal exists already. A live writer may be faster: then it does not read to the end. */
  look(most = Infinity) {
    try {
      if (this.reader === undefined) {
        this.reader = Reader.open(this.directory)
        this.read = 0
      }
    } catch (error) {
      if (error.code === 'ERR_JOURNAL_NOT_FOUND') return
      throw error
    }
    for (const view of this.reader) {
      const frame = readNumbered(view)
      if (frame.n !== this.read) throw new Error(`the reader saw frame ${frame.n} after ${this.read - 1}`)
      const before = this.seen[this.read++]
      if (before === undefined) this.seen.push(frame)
      else if (before.generation !== frame.generation) throw new Error(`frame ${frame.n} has changed`)
      if (--most <= 0) return
    }
  }

  get promised() {
    const lines = fs.readFileSync(this.promises, 'utf8').trimEnd().split('\n')
    return Number(lines[lines.length - 1])
  }

  /** When the writer is dead and the reader has read all its frames: recovers the journal and compares. */
  check(powerLost = false) {
    const writer = Writer.open(this.directory, { pageSize: 65536, durability: this.durability })
    const frames = readAllNumbered(this.directory)
    if (powerLost ? frames.length < this.seen.length : frames.length !== this.seen.length) {
      throw new Error(`${this.directory}: ${frames.length} frames after recovery, ${this.seen.length} before`)
    }
    if (frames.length < this.promised)
      throw new Error(`${this.directory}: ${frames.length} frames after recovery, ${this.promised} were flushed`)
    for (const [i, { generation, position }] of this.seen.slice(0, frames.length).entries()) {
      if (frames[i].generation !== generation || frames[i].position !== position)
        throw new Error(`${this.directory}: frame ${i} has changed after recovery`)
    }
    checkInstruments(this.directory, frames)
    for (let i = 0; i < 5; i++) {
      writer.addInstruments([instrumentOf(++this.generation)])
      writeNumbered(writer, frames.length + i, this.generation)
    }
    writer.close()
    const left = fs.readdirSync(this.directory).filter(name => name.endsWith('.tmp'))
    if (left.length > 0) throw new Error(`${this.directory}: ${left.join(', ')} left behind`)
    return frames.length
  }

  /** After a power loss: frames that were not durable may be missing; with `erase` they are removed. */
  forget(erase) {
    this.reader?.close()
    this.reader = undefined
    let end = 0
    for (const name of fs
      .readdirSync(this.directory)
      .filter(file => file.endsWith('.page'))
      .sort()) {
      const file = path.join(this.directory, name)
      const bytes = fs.readFileSync(file)
      const durable = bytes.readUInt32LE(384)
      if (durable > 0) end = Number(bytes.readBigUInt64LE(24)) + durable
      if (erase) fs.writeFileSync(file, bytes.fill(0, 4096 + 64 * durable))
    }
    this.seen.length = this.seen.findLastIndex(({ position }) => position < end) + 1
  }

  end() {
    this.reader?.close()
    fs.rmSync(this.directory, { recursive: true, force: true })
    fs.rmSync(this.promises)
  }
}

/** Points of replicas and of archives: test/journal/replicate/crash-points and test/data/retained-archive kill their processes. */
const ELSEWHERE = /^(replica|archive|retained)-/

if (mode === 'points' && rest[0] === 'first') await killAtPoints(['1'], 1)
else if (mode === 'points') await killAtPoints(rest[0].split(','), Infinity)
else await killAtRandom(Number(rest[0]), Number(rest[1]))

async function killAtRandom(kills, seed) {
  const random = randomFrom(seed)
  let frames = 0
  let subject
  let recovered = 0
  for (let kill = 0; kill < kills; kill++) {
    if (kill % 8 === 0) {
      frames += subject?.seen.length ?? 0
      subject?.end()
      subject = new Subject(random.pick(['process', 'interval', 'commit']))
    }
    const child = subject.start(0)
    // Sometimes kills it while it opens the journal, mostly while it writes.
    if (random.chance(0.85)) await Promise.race([once(child.stdout, 'data'), child.ended])
    const until = performance.now() + (random.chance(0.15) ? random.real() * 80 : random.real() * 25)
    while (performance.now() < until) {
      subject.look(1000)
      await sleep(1)
    }
    child.kill('SIGKILL')
    const { code, signal } = await child.ended
    if (signal !== 'SIGKILL') throw new Error(`the writer ended by itself (${code ?? signal}): ${child.errors}`)
    subject.look()
    subject.check()
    subject.look()
    recovered++
  }
  frames += subject.seen.length
  subject.end()
  console.log(JSON.stringify({ kills, recovered, frames }))
}

/** @param most the number of scenarios a turn in which the writer dies; the others are not tried then. */
async function killAtPoints(turns, most) {
  const points = listPoints()
  const scenarios = [newJournal, goingOn, afterPowerLoss, afterPowerLossUnsynced]
  const died = {}
  for (const [p, point] of points.entries()) {
    for (const turn of turns) {
      let deaths = 0
      for (let s = 0; s < scenarios.length && deaths < most; s++) {
        const scenario = scenarios[(p + s) % scenarios.length]
        if (await scenario(`${point}:${turn}`)) deaths++
      }
      if (deaths > 0) died[point] = (died[point] ?? 0) + deaths
    }
  }
  const missed = points.filter(point => died[point] === undefined)
  if (missed.length > 0) throw new Error(`no scenario reaches ${missed.join(', ')}`)
  console.log(
    JSON.stringify({ points: points.length, deaths: Object.values(died).reduce((sum, count) => sum + count, 0) }),
  )
}

/** The names of all other crash points: the arguments of CRASH_POINT in C++ and of crashPoint in TypeScript. */
function listPoints() {
  const names = new Set()
  for (const sources of ['native/core', 'src']) {
    for (const entry of fs.readdirSync(path.join(root, sources), { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue
      const text = fs.readFileSync(path.join(entry.parentPath, entry.name), 'utf8')
      for (const [, name] of text.matchAll(/(?:CRASH_POINT|crashPoint)\(["']([a-z-]+)["']\)/g)) names.add(name)
    }
  }
  return [...names].filter(name => !ELSEWHERE.test(name))
}

async function newJournal(point) {
  delete process.env.TICKTAPE_BOOT_ID
  const subject = new Subject('commit')
  return toTheDeath(subject, PAGES_OF_FRAMES, { TICKTAPE_CRASH_POINT: point })
}

/** Creates a journal whose last writer was killed while its syncing thread was one page behind. */
async function goingOn(point) {
  delete process.env.TICKTAPE_BOOT_ID
  const subject = new Subject('interval')
  await toTheDeath(subject, PAGES_OF_FRAMES, { TICKTAPE_CRASH_POINT: 'roll-sealed:2' }, false)
  return toTheDeath(subject, PAGES_OF_FRAMES, { TICKTAPE_CRASH_POINT: point })
}

async function afterPowerLoss(point) {
  delete process.env.TICKTAPE_BOOT_ID
  const subject = new Subject('commit')
  await toTheDeath(subject, PAGES_OF_FRAMES, { TICKTAPE_CRASH_POINT: 'roll-page-taken:2' }, false)
  subject.forget(false)
  return toTheDeath(subject, PAGES_OF_FRAMES, { TICKTAPE_CRASH_POINT: point, TICKTAPE_BOOT_ID: '1'.repeat(32) })
}

/** Simulates that frames that were not durable did not reach the disk: they become zeros; the cursors do not change. */
async function afterPowerLossUnsynced(point) {
  delete process.env.TICKTAPE_BOOT_ID
  const subject = new Subject('commit')
  await toTheDeath(subject, PAGES_OF_FRAMES, { TICKTAPE_CRASH_POINT: 'roll-sealed:2' }, false)
  subject.forget(true)
  return toTheDeath(subject, PAGES_OF_FRAMES, { TICKTAPE_CRASH_POINT: point, TICKTAPE_BOOT_ID: '1'.repeat(32) })
}

/** Runs a writer until it dies at its crash point. False if it never reached it. With `last`, checks the journal and ends. */
async function toTheDeath(subject, frames, env, last = true) {
  const child = subject.start(frames, env)
  const { code, signal } = await child.ended
  if (signal !== 'SIGKILL' && code !== 0)
    throw new Error(`${env.TICKTAPE_CRASH_POINT}: ${code ?? signal} ${child.errors}`)
  if (!last) {
    subject.look()
    return true
  }
  const died = signal === 'SIGKILL'
  if (died) {
    const before = subject.seen.length
    process.env.TICKTAPE_BOOT_ID = env.TICKTAPE_BOOT_ID ?? ''
    if (env.TICKTAPE_BOOT_ID === undefined) delete process.env.TICKTAPE_BOOT_ID
    try {
      subject.look()
    } catch (error) {
      // Before recovery has removed damaged frames, a reader may find what the power loss left; but never in the boot in which they were
      // written.
      if (env.TICKTAPE_BOOT_ID === undefined || error.code !== 'ERR_CORRUPT_JOURNAL') throw error
      subject.reader?.close()
      subject.reader = undefined
      subject.seen.length = before
    }
    // It died before it had recovered the journal: frames that were not durable may still be dropped.
    if (env.TICKTAPE_BOOT_ID !== undefined && subject.seen.at(-1)?.generation !== subject.generation)
      subject.seen.length = before
    subject.check(env.TICKTAPE_BOOT_ID !== undefined)
  }
  subject.end()
  return died
}
