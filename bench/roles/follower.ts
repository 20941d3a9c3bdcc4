// A process that follows a journal from the event loop, as most programs would: it polls from a timer.
import { on, Reader } from 'ticktape'
import { pinTo, serve } from '../support/child.js'
import { Small } from '../support/frames.js'

let reader: Reader
let expected = 0
let errors = 0
let timer: NodeJS.Timeout
let finish: (() => void) | undefined
let wanted = Number.POSITIVE_INFINITY

const handlers = on(Small, f => {
  if (f.seq !== expected) errors++
  expected = f.seq + 1
})

serve({
  open({ directory, cpu }: { directory: string; cpu: number }) {
    reader = Reader.open(directory)
    pinTo(cpu)
    expected = 0
    errors = 0
    wanted = Number.POSITIVE_INFINITY
    timer = setInterval(() => {
      reader.poll(handlers, 4096)
      if (expected >= wanted) finish?.()
    }, 1)
  },
  /** Resolves once that many frames were read. */
  async finish({ frames }: { frames: number }) {
    wanted = frames
    await new Promise<void>(resolve => {
      finish = resolve
    })
    clearInterval(timer)
    reader.close()
    if (errors > 0) throw new Error(`${errors} missing or duplicate frames`)
  },
})
