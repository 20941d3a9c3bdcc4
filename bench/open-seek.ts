import { Reader, Writer } from 'ticktape'
import { freshDirectory } from './support/journals.js'
import type { Answer, Comparison, Question } from './support/question.js'
import { record, remove } from './support/recorded.js'
import { atMost, inTurns, ratio, type Way } from './support/rounds.js'
import { median } from './support/statistics.js'

const PAGE = 65_536
const FRAMES_PER_PAGE = (PAGE - 4096) / 64
const FIRST_TIME = 1_700_000_000_000_000_000n
const STEP_NS = 1000n

interface Recorded {
  readonly pages: number
  readonly directory: string
  readonly frames: number
}

/** The median of some calls, in µs, each at another position of the journal. */
function timed(journal: Recorded, calls: number, call: (frame: number) => void): number {
  const times: number[] = []
  let frame = 0
  for (let i = 0; i < calls; i++) {
    // Steps of a fixed fraction of the journal visit it evenly, in an order that the caches cannot predict.
    frame = (frame + Math.floor(journal.frames * 0.618_034)) % journal.frames
    const start = performance.now()
    call(frame)
    times.push((performance.now() - start) * 1000)
  }
  return median(times)
}

export const question: Question = {
  name: 'open-seek',
  title: 'How long do open and seek take in long journals?',
  method:
    'Journals of 10, 100 and 1,000 pages of 64 KiB in memory. A reader opens each at a position, and seeks a position and a time, each time another one; a writer opens each, creates the next page and checks the end. Each round uses the median of many calls.',

  async ask(conditions): Promise<Answer> {
    const calls = conditions.quick ? 50 : 300
    const journals: Recorded[] = [10, 100, 1000].map(pages => {
      const directory = freshDirectory(conditions, 'memory')
      // The last page has free slots, so a writer that opens the journal continues on it.
      const frames = pages * FRAMES_PER_PAGE - FRAMES_PER_PAGE / 2
      record(directory, frames, { pageSize: PAGE, firstTime: FIRST_TIME, stepNs: STEP_NS })
      return { pages, directory, frames }
    })
    const ask = (label: string, measure: (journal: Recorded) => number): Promise<Comparison> => {
      const ways: Way[] = journals.map(journal => ({
        name: `${journal.pages} pages`,
        measure: async () => measure(journal),
      }))
      return inTurns(conditions, label, 'µs', 'less', ways)
    }
    try {
      const openAndSeek = (journal: Recorded): number =>
        timed(journal, calls, frame => {
          const reader = Reader.open(journal.directory, { from: { position: frame } })
          if (reader.position !== frame) throw new Error(`opened at ${reader.position}, not at ${frame}`)
          reader.close()
        })
      for (const journal of journals) openAndSeek(journal)
      const opened = await ask('open at a position', openAndSeek)
      const sought = await ask('seek to a position', journal => {
        const reader = Reader.open(journal.directory)
        const us = timed(journal, calls, frame => reader.seek({ position: frame }))
        reader.close()
        return us
      })
      const byTime = await ask('seek to a time', journal => {
        const reader = Reader.open(journal.directory)
        const us = timed(journal, calls, frame => {
          reader.seek({ time: FIRST_TIME + BigInt(frame) * STEP_NS })
          if (reader.position !== frame) throw new Error(`found ${reader.position}, not ${frame}`)
        })
        reader.close()
        return us
      })
      const writing = await ask('open for writing', journal =>
        timed(journal, 10, () => Writer.open(journal.directory).close()),
      )
      const last = journals.length - 1
      const limit =
        "The last page is found by a hint in the control file, and other pages by arithmetic; only the kernel's directory and page cache grow."
      return {
        comparisons: [opened, sought, byTime, writing],
        targets: [
          atMost(
            'open at a position, 1,000 pages / 10 pages',
            1.5,
            ratio(opened.contenders[last], opened.contenders[0]),
            limit,
          ),
          atMost(
            'seek by position, 1,000 pages / 10 pages',
            1.5,
            ratio(sought.contenders[last], sought.contenders[0]),
            limit,
          ),
        ],
        plots: [
          {
            file: 'pages.svg',
            title: 'Open and seek, by pages',
            kind: 'lines',
            y: 'µs',
            logarithmic: false,
            x: journals.map(({ pages }) => String(pages)),
            panels: [opened, sought, byTime, writing].map(({ label, contenders }) => ({
              title: label,
              ways: [{ name: 'ticktape', values: contenders.map(c => median(c.values)) }],
            })),
          },
        ],
      }
    } finally {
      for (const { directory } of journals) remove(directory)
    }
  },
}
