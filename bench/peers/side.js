// One side of a peer: a separate process, or a thread. It runs the benchmark's tasks: it sends messages as fast as possible,
// receives and checks them, sends questions and waits for the answers, or answers.
import { isMainThread, parentPort, workerData } from 'node:worker_threads'
import { native } from '../../dist/native/index.js'

const settings = isMainThread ? JSON.parse(process.argv[2]) : workerData
const transport = await import(`./${settings.transport}.js`)
const other =
  transport.ownsOther && settings.role === 'a'
    ? transport.forkOther({ ...settings, role: 'b', cpu: settings.otherCpu })
    : undefined
const channel = await transport.connect({ ...settings, peer: other ?? process })
native.setAffinity([settings.cpu])

let onMessage = () => {}
if (channel.listen !== undefined) void channel.listen(seq => onMessage(seq))

const turn = () => new Promise(resolve => setImmediate(resolve))

/** Receives `count` messages and passes each to `take`. A transport that can only be polled is polled without a pause. */
async function receive(count, take) {
  let left = count
  if (channel.poll !== undefined) {
    const handle = seq => {
      left--
      take(seq)
    }
    post({ ready: true })
    while (left > 0) channel.poll(handle)
    return
  }
  await new Promise(resolve => {
    onMessage = seq => {
      take(seq)
      if (--left === 0) resolve()
    }
    post({ ready: true })
  })
  onMessage = () => {}
}

async function sendOne(seq) {
  for (;;) {
    const sent = channel.send(seq)
    if (sent instanceof Promise) await sent
    // A ring returns false when it has not accepted the message; a socket returns false although it has accepted it.
    if (sent !== false) return
    await channel.drained()
    if (channel.poll === undefined) return
  }
}

const tasks = {
  async send(count) {
    const start = Number(process.hrtime.bigint())
    for (let seq = 0; seq < count; seq++) {
      const sent = channel.send(seq)
      if (sent === true || sent === undefined) {
        // The event loop has to run from time to time, or nothing is sent.
        if (seq % 256 === 255 && channel.poll === undefined) await turn()
      } else if (sent === false && channel.poll !== undefined) {
        seq--
      } else if (sent === false) {
        await channel.drained()
      } else {
        await sent
      }
    }
    return { start }
  },
  async receive(count) {
    let expected = 0
    let errors = 0
    await receive(count, seq => {
      if (seq !== expected++) errors++
    })
    return { end: Number(process.hrtime.bigint()), errors }
  },
  async ask(count) {
    const times = new Float64Array(count)
    let errors = 0
    let asked = 0
    const ask = seq => {
      asked = performance.now()
      return channel.send(seq)
    }
    const handle = seq => {
      times[seq] = (performance.now() - asked) * 1e6
    }
    if (channel.poll !== undefined) {
      let answered = -1
      const take = seq => {
        handle(seq)
        answered = seq
      }
      for (let seq = 0; seq < count; seq++) {
        ask(seq)
        while (answered !== seq) channel.poll(take)
      }
    } else {
      await new Promise(resolve => {
        onMessage = seq => {
          if (!(seq >= 0)) errors++
          handle(seq)
          if (seq + 1 < count) ask(seq + 1)
          else resolve()
        }
        ask(0)
      })
      onMessage = () => {}
    }
    const sorted = times.subarray(count / 10).sort()
    return {
      errors,
      percentiles: settings.shares.map(share => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]),
    }
  },
  async answer(count) {
    let errors = 0
    let expected = 0
    await receive(count, seq => {
      if (seq !== expected++) errors++
      void sendOne(seq)
    })
    return { errors }
  },
}

function post(message) {
  if (!isMainThread) parentPort.postMessage(message)
  else if (transport.ownsOther && settings.role === 'b') process.send({ control: message })
  else process.send(message)
}

async function obey(message) {
  if (message.to === 'b') {
    other.send({ control: message })
    return
  }
  const { task, count } = message
  try {
    post({ result: await tasks[task](count) })
  } catch (error) {
    post({ error: error.stack })
  }
}

if (!isMainThread) {
  parentPort.on('message', message => void obey(message))
} else if (transport.ownsOther && settings.role === 'b') {
  process.on('message', message => {
    if (message.control !== undefined) void obey({ ...message.control, to: undefined })
  })
  process.on('disconnect', () => process.exit())
} else {
  process.on('message', message => void obey(message))
  process.on('disconnect', () => process.exit())
  other?.on('message', message => {
    if (message.control !== undefined) process.send({ from: 'b', ...message.control })
  })
}
post({ connected: true })
