import type { Consumer } from '../../runtime/consumer/consumer.js'
import { entryOf } from '../messages/instrument-frames.js'
import { InstrumentTerms } from '../messages/sequence-frames.js'
import { passEarlierFrames } from './before-start.js'
import type { StrategyHost } from './host.js'
import { addHostFrames } from './host-frames.js'

/** Passes the frames that a consumer reads to its strategy. */
export function passFrames(consumer: Consumer, host: StrategyHost): void {
  consumer.on(InstrumentTerms, frame => consumer.writer.addInstruments([entryOf(host.instrument(frame))]))
  addHostFrames(consumer, host)
}

/**
 * Passes a strategy what happened before the position where its consumer begins, and calls its `onStart`.
 *
 * @param onProgress is called from time to time meanwhile, with that position.
 */
export function startHost(
  consumer: Consumer,
  host: StrategyHost,
  onProgress: (position: number) => void = () => {},
): void {
  const { position, path } = consumer.reader
  const own = { path: consumer.writer.path, before: consumer.writer.position }
  const last = passEarlierFrames(host, path, position, own, () => onProgress(position))
  consumer.writer.addInstruments(host.instruments.all.map(entryOf))
  consumer.writeTogether(() => host.start(last))
}
