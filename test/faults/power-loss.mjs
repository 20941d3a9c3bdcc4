/**
 * Simulates thousands of power losses. Arguments: a folder to work in, the first seed, the number of seeds. Prints one line of JSON with
 * what it did. Fails with the seed and the reason, and leaves the image that failed in the folder.
 *
 * Each seed is one journal: it is opened, written, flushed, stopped by a killed process or by power loss, opened again from one of the
 * images that the disk may have, and so on. At each stop many images are created and recovered:
 * - every frame that was durable is there;
 * - the frames are those that were written, complete, from the first one on, without a gap or a duplicate;
 * - the journal accepts frames again.
 */
import fs from 'node:fs'
import path from 'node:path'
import { Disk, SyncLog, watchFileSystem } from './disk.mjs'
import { randomFrom } from './random.mjs'

const [folder, firstSeed, seeds] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])]
const logFile = process.env.TICKTAPE_SYNC_LOG
fs.writeFileSync(logFile, '')
watchFileSystem(logFile)
const { Reader, Writer } = await import('ticktape')
const { checkInstruments, instrumentOf, readAllNumbered, writeNumbered } = await import('./numbered.mjs')

const STOPS = 4
const IMAGES = 6
const counts = { lives: 0, images: 0, kept: 0, lost: 0, processDeaths: 0, powerLosses: 0, skipped: 0 }
let boots = 0

for (let seed = firstSeed; seed < firstSeed + seeds; seed++) {
  try {
    await live(seed)
  } catch (error) {
    console.error(`seed ${seed}: ${error.stack}`)
    process.exit(1)
  }
}
console.log(JSON.stringify(counts))

async function live(seed) {
  const random = randomFrom(seed)
  const options = {
    pageSize: 65536,
    ...random.pick([
      { durability: 'commit' },
      { durability: 'commit' },
      { durability: 'interval', syncInterval: 1 },
      { durability: 'commit', checksums: false },
    ]),
  }
  const life = {
    random,
    options,
    seed,
    directory: path.join(folder, `${seed}`),
    disk: undefined,
    log: new SyncLog(logFile),
    /** For each frame that was written: its position and its writer. */
    written: [],
    /** The number of frames whose durability was promised. */
    durable: 0,
    images: 0,
    lostPower: false,
  }
  fs.writeFileSync(logFile, '')
  life.disk = new Disk(life.directory)
  newBoot()
  for (let generation = 0; generation < STOPS; generation++) await oneWriter(life, generation)
  fs.rmSync(folder, { recursive: true })
  fs.mkdirSync(folder)
  counts.lives++
}

/** Runs one writer, from opening the journal to its end. */
async function oneWriter(life, generation) {
  const { random } = life
  const writer = Writer.open(life.directory, life.options)
  check(life, life.directory, generation > 0)
  writer.addInstruments([instrumentOf(generation)])
  promise(life, writer.durable)
  let flushing
  for (let step = random.between(3, 12); step > 0; step--) {
    const kind = random.below(10)
    if (kind < 6) {
      for (let count = random.between(1, 40); count > 0; count--) {
        life.written.push({
          n: life.written.length,
          generation,
          position: writeNumbered(writer, life.written.length, generation),
        })
      }
    } else if (kind < 8) {
      promise(life, await writer.flush())
    } else {
      flushing = writer.flush()
      for (let turns = random.below(20_000); turns > 0; turns--) Math.sqrt(turns)
    }
    if (random.chance(0.4)) losePower(life, writer)
  }
  await end(life, writer, generation)
  await flushing
  life.ended()
}

/** Creates images of what the disk may have at this moment, and recovers each. Returns the directory of the last one. */
function losePower(life, writer) {
  const { disk, log, random } = life
  promise(life, writer.durable)
  disk.apply(log.read())
  // The writer's threads are still running. A state in the middle of their work is not known exactly enough to compare with.
  if (!disk.snapshot() || log.size !== log.offset) {
    counts.skipped++
    return undefined
  }
  const boot = process.env.TICKTAPE_BOOT_ID
  let image
  for (let i = 0; i < IMAGES; i++) {
    image = path.join(folder, `${life.seed}-image-${life.images++}`)
    disk.image(image, random)
    const copy = `${image}-recovered`
    fs.cpSync(image, copy, { recursive: true })
    recover(life, copy)
    fs.rmSync(copy, { recursive: true })
    if (i < IMAGES - 1) fs.rmSync(image, { recursive: true })
    counts.images++
  }
  process.env.TICKTAPE_BOOT_ID = boot // The writer continues in its own boot.
  disk.apply(log.read()) // The writer's threads have worked meanwhile. The files that recovery synced are in another directory.
  counts.powerLosses++
  return image
}

/** Opens an image in another boot, checks which frames it kept, and writes more. */
function recover(life, directory) {
  newBoot()
  const writer = Writer.open(directory, life.options)
  const frames = check(life, directory, false)
  counts.kept += frames.length
  counts.lost += life.written.length - frames.length
  const before = countFrames(directory)
  for (let i = 0; i < 3; i++) writeNumbered(writer, before + i, 99)
  writer.close()
  if (countFrames(directory) !== before + 3)
    throw new Error(`${directory}: ${countFrames(directory)} frames after writing 3 more than ${before}`)
  if (life.options.checksums !== false) readAllNumbered(directory)
}

function countFrames(directory) {
  const reader = Reader.open(directory)
  const frames = [...reader].length
  reader.close()
  return frames
}

/**
 * Compares a journal with the frames that were written to it. With `adopt`, the frames in the journal are the expected ones from here on.
 */
function check(life, directory, adopt) {
  const { written, durable } = life
  // Without checksums it is unknown whether a frame that was not durable is complete.
  const most = life.options.checksums === false && !adopt ? durable : Infinity
  const frames = readAllNumbered(directory, 0, { most })
  if (frames.length < durable) throw new Error(`${directory} has ${frames.length} frames, ${durable} were durable`)
  if (frames.length > written.length)
    throw new Error(`${directory} has ${frames.length} frames, ${written.length} were written`)
  checkInstruments(directory, frames)
  frames.forEach((frame, i) => {
    const { generation, position } = written[i]
    if (frame.generation !== generation || frame.position !== position) {
      throw new Error(
        `frame ${i} is of writer ${frame.generation} at position ${frame.position}, it was written by ${generation} at ${position}`,
      )
    }
  })
  if (adopt && !life.lostPower && frames.length !== written.length)
    throw new Error(`${directory} has ${frames.length} frames, ${written.length} were written, and no power was lost`)
  if (adopt) written.length = Math.max(frames.length, durable)
  return frames
}

function promise(life, position) {
  while (life.durable < life.written.length && life.written[life.durable].position < position) life.durable++
}

/** Ends a writer: by closing it, by the death of its process, or by power loss. The next writer finds the files in that state. */
async function end(life, writer, generation) {
  const { random, disk, log } = life
  const next = path.join(folder, `${life.seed}-${generation}-next`)
  const kind = random.pick(
    life.options.checksums === false ? ['close', 'process'] : ['close', 'process', 'power', 'power'],
  )
  if (kind === 'close') {
    writer.close()
    life.durable = life.written.length
    disk.apply(log.read())
    life.ended = () => (life.lostPower = false)
    return
  }
  let image
  if (kind === 'power') {
    for (let i = 0; image === undefined; i++) {
      if (i > 0) await new Promise(resolve => setTimeout(resolve, 1))
      image = losePower(life, writer)
    }
  } else {
    promise(life, writer.durable)
    // The kernel has every page. Which blocks it has written to the disk is as unknown as before.
    do {
      fs.rmSync(next, { recursive: true, force: true })
      disk.apply(log.read())
    } while (!disk.copyTo(next) || log.size !== log.offset)
    counts.processDeaths++
  }
  // The old writer continues in a directory that is not used any more.
  life.ended = () => {
    writer.close()
    log.read()
    life.directory = image ?? next
    life.disk = image === undefined ? disk.movedTo(next) : Disk.of(image)
    life.lostPower = image !== undefined
    if (life.lostPower) newBoot()
  }
}

function newBoot() {
  process.env.TICKTAPE_BOOT_ID = (++boots).toString(16).padStart(32, '0')
}
