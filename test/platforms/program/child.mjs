/** The code of the other processes. The first argument is the role. */
import { Count } from './frames.mjs'
import { on, Reader, Ring, Writer } from './library.mjs'

const [role, path, number] = process.argv.slice(2)
const say = value => console.log(JSON.stringify(value))

const roles = {
  async write() {
    using(Writer.open(path, { pageSize: 65536 }), writer => {
      for (let n = 0; n < Number(number); n++) writer.write(Count, { n, text: 'of a child' })
    })
  },
  /** Runs until it is killed. */
  async writeForEver() {
    const writer = Writer.open(path, { pageSize: 65536 })
    for (let n = 0; ; n++) {
      writer.write(Count, { n, text: '' })
      if (n === 1000) say('writing')
      if (n % 1000 === 0) await new Promise(resolve => setImmediate(resolve))
    }
  },
  async read() {
    const reader = await Reader.whenReady(path)
    const controller = new AbortController()
    let sum = 0
    const handlers = on(Count, frame => {
      sum += frame.n
      if (frame.n === Number(number) - 1) controller.abort()
    })
    await reader.run(handlers, { wait: 'park', signal: controller.signal })
    reader.close()
    say(sum)
  },
  async produce() {
    using(Ring.open(path, { role: 'producer', slots: 64, whenFull: 'wait' }), ring => {
      for (let n = 0; n < Number(number); n++) ring.write(Count, { n, text: '' })
    })
  },
}

function using(thing, use) {
  use(thing)
  thing.close()
}

await roles[role]()
