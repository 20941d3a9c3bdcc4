import type { WriterOptions } from '../../journal/write/options.js'
import { Writer } from '../../journal/write/writer.js'
import { packageModule } from '../../native/package-files.js'
import { identityOf } from '../../runtime/consumer/identity.js'
import { Supervisor, type SupervisorEvent } from '../../runtime/supervision/supervisor.js'
import type { Heartbeats } from '../../state/heartbeats/heartbeats.js'
import type { Desk } from '../desk/desk.js'
import { type HomeDirectory, type HomeIdentity, VENUE_JOURNALS, writeIdentity } from '../sequence/home.js'
import type { AdapterConfig, VenueModule } from '../venues/adapter-config.js'
import type { GatewayOptions } from './options.js'
import { ProcessCell } from './process-cell.js'
import { VenueSource } from './venue-source.js'

const ADAPTER_PAGE_SIZE = 1024 * 1024

/** What the adapters of a gateway need from it. */
export interface AdapterEnvironment {
  readonly home: HomeDirectory
  readonly identity: HomeIdentity
  readonly desk: Desk
  readonly options: Omit<GatewayOptions, 'feed' | 'strategies'>
  readonly heartbeats: Heartbeats
  /** By journal number: up to where it was taken by earlier runs. */
  readonly taken: ReadonlyMap<number, number>
  /** Throws unless the home is still the one that was opened. */
  readonly check: () => void
}

/** A venue that runs in a process of its own: its journal and its process. */
export class Adapter {
  readonly name: string
  readonly source: VenueSource
  supervisor: Supervisor | undefined = undefined
  private readonly journal: string

  constructor(
    private readonly environment: AdapterEnvironment,
    private readonly number: number,
    private readonly module: VenueModule,
  ) {
    const { home, desk, identity } = environment
    const venue = desk.venues.all[number]
    this.name = venue.name
    this.journal = home.venue(venue.name)
    const writer = Writer.open(this.journal, this.writerOptions())
    if (writer.position === 0) writeIdentity(writer, identity)
    writer.close()
    this.source = new VenueSource(this.journal, venue, environment.taken.get(VENUE_JOURNALS + number) ?? 0)
  }

  /** Starts its process and keeps it running. */
  start(): void {
    const { home, options, identity, check, heartbeats } = this.environment
    const cell = new ProcessCell(heartbeats, `venue/${this.name}`)
    const input = home.sequence
    this.supervisor = new Supervisor({
      module: packageModule('trading/adapter/process.js', 'A gateway with a venue in a process of its own'),
      argument: () => {
        check()
        cell.start(1)
        const config: AdapterConfig = {
          file: this.module.module,
          options: this.module.options,
          number: this.number,
          home: String(identity.home),
          origin: String(identity.origin),
          input,
          inputIdentity: identityOf(input),
          output: this.journal,
          writer: this.writerOptions(),
          wait: options.wait ?? 'event-loop',
        }
        return JSON.stringify(config)
      },
      firstMs: options.backOffMs ?? 100,
      longestMs: 5_000,
      stopMs: options.stopMs ?? 15_000,
      onEvent: (event: SupervisorEvent) => {
        cell.follow(event, this.supervisor?.restarts ?? 0)
        options.onVenue?.(this.name, event)
      },
    })
  }

  private writerOptions(): WriterOptions {
    const { durability } = this.environment.options
    return { pageSize: ADAPTER_PAGE_SIZE, durability, journalId: VENUE_JOURNALS + this.number }
  }
}
