// Measures the age of each event in the handler: from the time of its frame until the handler runs.
import { defineStrategy } from 'ticktape/runtime'
import { leave, wallMs } from './result.js'

const count = Number(process.env['TICKTAPE_BENCH_COUNT'])
const ages = new Float64Array(count)
let seen = 0

export default defineStrategy({
  id: 'age',
  onBook(book) {
    ages[seen++] = wallMs() * 1000 - Number(book.time / 100n) / 10
    if (seen !== count) return
    // The first half is for compilers and caches.
    const sorted = ages.subarray(count >> 1).sort()
    const percentiles = [0.5, 0.99].map(part => sorted[Math.floor(part * sorted.length)])
    leave('age', { percentiles })
  },
})
