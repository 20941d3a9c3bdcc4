/**
 * Changes bytes of a journal at random, and opens it in every possible way. Arguments: a folder to work in, the first seed, the number of
 * seeds, and a file that always contains the current seed.
 *
 * Whatever the bytes are: the frames that are read are well-formed, or the call throws an error of the library; no call reads more frames
 * than fit into the files; memory stays bounded. (The test that runs this also checks that there is no signal and no hang.)
 */
import fs from 'node:fs'
import path from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { ascii, enumOf, f64, frame, MergedReader, on, Reader, TicktapeError, u64, Writer } from 'ticktape'
import { mutate } from './mutations.mjs'
import { randomFrom } from './random.mjs'

const Tick = frame('Tick', 1, { symbol: ascii(16), last: f64, side: enumOf('buy', 'sell') })
const Order = frame('Order', 2, { id: u64, note: ascii(40) }, { slots: 3 })
const PAGE = 65536
/** More than the number of slots in all pages of a mutated journal. */
const MOST_FRAMES = 20_000
const MOST_MEMORY = 1_500_000_000

/** A journal of three pages with frames of two kinds and a named reader. */
export function makeBase(directory, durability) {
  const writer = Writer.open(directory, { pageSize: PAGE, durability, journalId: 3, frames: [Tick, Order] })
  for (let n = 0; n < 1300; n++) {
    const time = BigInt(1_700_000_000_000_000_000 + n * 1000)
    if (n % 4 === 0)
      writer.write(
        Order,
        { id: BigInt(n), note: `order ${n}` },
        { time, cause: Math.max(0, n - 1), source: 1, dest: 2 },
      )
    else writer.write(Tick, { symbol: 'BTC-USDT', last: n, side: n % 2 === 0 ? 'buy' : 'sell' }, { time })
  }
  writer.close()
  const reader = Reader.open(directory, { from: { name: 'strategy' } })
  reader.poll(
    on(Tick, () => {}),
    100,
  )
  reader.close()
}

/** Runs `action`, which may fail only with an error of the library. */
function attempt(action) {
  try {
    action()
  } catch (error) {
    if (!(error instanceof TicktapeError)) throw error
    if (error.message === '' || !/^ERR_[A-Z_]+$/.test(error.code))
      throw new Error('an error without a message or a code', { cause: error })
  }
}

function look(view) {
  const { type, slots, position, time } = view
  if (!(type >= 1 && type <= 65535) || !(slots >= 1 && slots <= 255))
    throw new Error(`a frame of type ${type} with ${slots} slots was returned`)
  if (!Number.isSafeInteger(position) || typeof time !== 'bigint')
    throw new Error(`a frame at ${position} of time ${String(time)}`)
  attempt(() => view.toObject())
}

function readOn(reader, random) {
  let frames = 0
  const see = view => {
    look(view)
    if (++frames > MOST_FRAMES) throw new Error('more frames than fit into the pages')
  }
  if (random.chance(0.5)) {
    attempt(() => {
      for (const view of reader) see(view)
    })
  } else {
    const handlers = on(Tick, see).on(Order, see).otherwise(see)
    attempt(() => {
      while (reader.poll(handlers, 500) > 0);
    })
  }
  attempt(() => reader.lag)
  attempt(() => reader.position)
}

function startOf(random) {
  return random.pick([
    'start',
    'end',
    { position: random.below(3000) },
    { time: BigInt(1_700_000_000_000_000_000 + random.below(1_500_000)) },
    { name: 'strategy' },
    { name: 'new', start: 'end' },
    { position: random.pick([960, 961, 1920, 2 ** 40, Number.MAX_SAFE_INTEGER]) },
  ])
}

/** One case: mutates a copy of a base, and uses it in every way there is. */
export function runCase(base, directory, seed, damage = mutate) {
  const random = randomFrom(seed)
  fs.cpSync(base, directory, { recursive: true })
  const live = random.chance(0.3)
  let reader
  if (live) {
    attempt(() => {
      reader = Reader.open(directory, { from: startOf(random) })
      reader.poll(on(Tick, look).otherwise(look), random.between(1, 1400))
    })
  }
  for (let i = random.between(1, 3); i > 0; i--) damage(directory, random)
  if (reader !== undefined) {
    readOn(reader, random)
    attempt(() => reader.seek(random.pick(['start', 'end', { position: 5 }])))
    readOn(reader, random)
    reader.close()
  }
  for (let i = 0; i < 2; i++) {
    attempt(() => {
      using(Reader.open(directory, { from: startOf(random), durable: random.chance(0.2) }), opened => {
        readOn(opened, random)
        attempt(() => opened.seek({ time: BigInt(random.below(2 ** 40)) }))
        attempt(() => opened.seek({ position: random.below(2000) }))
        readOn(opened, random)
      })
    })
  }
  if (random.chance(0.3)) {
    attempt(() => {
      using(MergedReader.open([directory, base]), merged => {
        let frames = 0
        for (const { frame: view } of merged) {
          look(view)
          if (++frames > 2 * MOST_FRAMES) throw new Error('more frames than fit into the pages')
        }
      })
    })
  }
  attempt(() => {
    const durability = random.pick(['process', 'commit'])
    using(Writer.open(directory, { durability, ...(random.chance(0.3) ? { pageSize: PAGE } : {}) }), writer => {
      attempt(() => writer.write(Tick, { symbol: 'ETH-USDT', last: 1, side: 'buy' }))
      attempt(() => writer.write(Order, { id: 1n, note: 'after' }))
    })
  })
  attempt(() => using(Reader.open(directory), opened => readOn(opened, random)))
}

function using(resource, body) {
  try {
    body(resource)
  } finally {
    attempt(() => resource.close())
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [folder, first, count, progress] = process.argv.slice(2)
  const bases = ['process', 'commit'].map(durability => {
    const base = path.join(folder, `base-${durability}`)
    makeBase(base, durability)
    return base
  })
  const progressFile = fs.openSync(progress, 'w')
  for (let seed = Number(first); seed < Number(first) + Number(count); seed++) {
    fs.writeSync(progressFile, String(seed).padStart(16), 0)
    const directory = path.join(folder, `case-${seed}`)
    try {
      runCase(bases[seed % 2], directory, seed)
    } catch (error) {
      console.error(`seed ${seed}: ${error.stack}${error.cause === undefined ? '' : `\n${error.cause.stack}`}`)
      process.exit(1)
    }
    fs.rmSync(directory, { recursive: true, force: true })
    await setImmediate() // Finalizers run in the event loop.
    if (seed % 500 === 0 && process.memoryUsage.rss() > MOST_MEMORY)
      throw new Error(`${process.memoryUsage.rss()} bytes of memory after ${seed - Number(first)} cases`)
  }
  console.log(JSON.stringify({ cases: Number(count), megabytes: Math.round(process.memoryUsage.rss() / 1e6) }))
}
