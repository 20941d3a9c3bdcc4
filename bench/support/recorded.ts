import * as fs from 'node:fs'
import { Writer } from 'ticktape'
import { Small } from './frames.js'

/** Records a journal of `frames` Small frames, their times `stepNs` apart. */
export function record(
  directory: string,
  frames: number,
  options: { readonly pageSize?: number; readonly firstTime?: bigint; readonly stepNs?: bigint } = {},
): void {
  const { pageSize, firstTime, stepNs } = options
  const writer = Writer.open(directory, {
    ...(pageSize === undefined ? {} : { pageSize }),
    timestamps: firstTime === undefined,
    durability: 'process',
  })
  let time = firstTime
  for (let seq = 0; seq < frames; seq++) {
    const f = writer.begin(Small)
    f.seq = seq
    f.bid = seq + 0.5
    f.ask = seq + 1
    f.volume = seq + 1.5
    if (time === undefined) {
      writer.commit()
    } else {
      writer.commit({ time })
      time += stepNs ?? 1n
    }
  }
  writer.close()
}

/** Removes a journal. */
export function remove(directory: string): void {
  fs.rmSync(directory, { recursive: true, force: true })
}
