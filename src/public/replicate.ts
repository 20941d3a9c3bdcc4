/** `ticktape/replicate`: journals that are replicated over NATS JetStream, read from the stream. */

export {
  SourceChangedError,
  StreamBehindError,
  StreamError,
  StreamPublisherError,
  StreamServerError,
} from '../replicate/errors.js'
export type { ReplicationEvent, ReplicationProgress } from '../replicate/events.js'
export type { ServerOptions } from '../replicate/nats/connect.js'
export { follow, StreamReader, type StreamReaderOptions, type StreamStart } from '../replicate/nats/stream-reader.js'
