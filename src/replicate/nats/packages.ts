import type * as Jetstream from '@nats-io/jetstream'
import type * as Transport from '@nats-io/transport-node'
import { PackageMissingError } from '../../base/errors.js'

export interface NatsPackages {
  readonly transport: typeof Transport
  readonly jetstream: typeof Jetstream
}

/** The packages of the NATS client, optional peers (docs/decisions/0086). @throws {PackageMissingError} */
export async function loadNats(): Promise<NatsPackages> {
  try {
    const [transport, jetstream] = await Promise.all([import('@nats-io/transport-node'), import('@nats-io/jetstream')])
    return { transport, jetstream }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error
    throw new PackageMissingError(
      "replication needs the packages '@nats-io/transport-node' and '@nats-io/jetstream': type npm install @nats-io/transport-node @nats-io/jetstream, then try again",
      { cause: error },
    )
  }
}
