import type * as Jetstream from '@nats-io/jetstream'
import type * as Transport from '@nats-io/transport-node'
import { loadOptional } from '../../base/optional-package.js'

export interface NatsPackages {
  readonly transport: typeof Transport
  readonly jetstream: typeof Jetstream
}

/** The packages of the NATS client, optional peers (docs/decisions/0086). @throws {PackageMissingError} */
export async function loadNats(): Promise<NatsPackages> {
  const [transport, jetstream] = await loadOptional(
    () => Promise.all([import('@nats-io/transport-node'), import('@nats-io/jetstream')]),
    "replication needs the packages '@nats-io/transport-node' and '@nats-io/jetstream': type npm install @nats-io/transport-node @nats-io/jetstream, then try again",
  )
  return { transport, jetstream }
}
