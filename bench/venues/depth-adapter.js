// The adapter's feed, recorded into a journal. It says how old each message was when its quote was a frame, and which was the last at which time.
import { native } from '../../dist/native/index.js'
import { MarketJournal, recordMarket } from '../../dist/public/runtime.js'
import { VENUES } from './depth-venues.js'

const { venue, port, directory, most, cpu } = JSON.parse(process.argv[2])
native.setAffinity([cpu])
// The parent has ended.
process.on('disconnect', () => process.exit(1))

const nowUs = () => Number(process.hrtime.bigint() / 1000n)
const ages = new Float64Array(most)
const samples = []
let isMeasured = false
let [count, last, missing, cpuAt] = [0, 0, 0, undefined]

// It may be in memory: old pages are removed.
const journal = MarketJournal.open(directory, { venue, retain: { bytes: 64_000_000 } })
const write = journal.write.bind(journal)
journal.write = event => {
  write(event)
  const { bidSize, askSize } = event
  // Of the snapshot of a book that has not changed yet.
  if (bidSize < 1000) return
  if (isMeasured) {
    missing += askSize - last - 1
    if (count < most) ages[count++] = nowUs() - bidSize
  }
  if (last === 0) process.send('began')
  last = askSize
}

const take = () => samples.push({ at: nowUs(), last })
let sampling
process.on('message', what => {
  take()
  if (what === 'begin') {
    isMeasured = true
    cpuAt = process.cpuUsage()
    sampling = setInterval(take, 50)
    return
  }
  isMeasured = false
  clearInterval(sampling)
  const { user, system } = process.cpuUsage(cpuAt)
  process.send({ samples, ages: [...ages.subarray(0, count)], missing, cpuUs: user + system })
})

const feed = await VENUES[venue].feed(`ws://127.0.0.1:${port}`)
feed.onProblem = ({ message }) => console.error(`${venue}: ${message}`)
await recordMarket(feed, journal, new AbortController().signal)
