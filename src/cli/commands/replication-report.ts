import type { ReplicationEvent, ReplicationProgress } from '../../replicate/events.js'
import { printable } from '../output/failure.js'
import { Output, toJson } from '../output/output.js'
import { StatusLine } from '../output/status-line.js'
import { formatBytes, grouped } from '../output/units.js'

/** What a publisher or an applier says while it runs: lines for people, or for programs. */
export class ReplicationReport {
  private readonly line = new StatusLine(process.stderr)
  private readonly out = new Output()

  constructor(private readonly json: boolean) {}

  event(event: ReplicationEvent): void {
    if (this.json) {
      const { kind, ...rest } = event
      this.object({ event: kind, ...rest })
    } else {
      this.line.event(eventText(event))
    }
  }

  /** @param of one journal, or all of a home. */
  progress(done: string, of: readonly ReplicationProgress[]): void {
    if (this.json) {
      for (const one of of) this.object({ event: 'progress', ...one })
      return
    }
    const [first] = of
    if (first === undefined) return
    const sum = (valueOf: (one: ReplicationProgress) => number): number =>
      of.reduce((all, one) => all + valueOf(one), 0)
    const lag = sum(one => one.lag)
    const ms = Math.round(Math.max(...of.map(one => one.lagMs)))
    const behind =
      lag === 0 ? 'no lag' : `lag ${grouped(lag)} slots, ${formatBytes(sum(one => one.lagBytes))}, ${ms} ms`
    const what = of.length === 1 ? printable(first.stream) : `${of.length} journals`
    const where = of.length === 1 ? `, position ${first.position}` : ''
    this.line.show(
      `${what}: ${grouped(sum(one => one.frames))} frames (${formatBytes(sum(one => one.bytes))}) ${done}${where}, ${behind}`,
    )
  }

  end(): void {
    this.line.erase()
  }

  private object(value: object): void {
    this.out.line(toJson(value))
    // Who reads our output may have closed it: the work goes on.
    void this.out.flush().catch(() => {})
  }
}

function eventText(event: ReplicationEvent): string {
  switch (event.kind) {
    case 'started':
      return `stream ${printable(event.stream)}, from position ${event.position}; Ctrl-C ends it`
    case 'waiting':
      return `${printable(event.text)}; waiting for it`
    case 'disconnected':
      return 'the connection to the server is lost; connecting again'
    case 'reconnected':
      return `connected again, at position ${event.position}`
  }
}
