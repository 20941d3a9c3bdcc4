// A source of messages for `ticktape record`: lines of MESSAGES, one a message; then it ends, waits, or fails, as AFTERWARDS says.

const BASE = 1_723_161_590_000_000_000n

export default () => ({
  async receive(take, signal) {
    const count = Number(process.env.MESSAGES)
    for (let n = 0; n < count; n++)
      take(
        `{"e":"trade","E":1,"s":"BTCUSDT","t":${n},"p":"1.5","q":"2","X":"MARKET","m":true}`,
        BASE + BigInt(process.env.FROM ?? 0) + BigInt(n),
      )
    if (process.env.AFTERWARDS === 'fail') throw new Error('the socket is gone')
    if (process.env.AFTERWARDS === 'wait')
      await new Promise(resolve => {
        const timer = setInterval(() => {}, 1000)
        signal.addEventListener('abort', () => {
          clearInterval(timer)
          resolve()
        })
        process.stderr.write('received\n')
      })
  },
})
