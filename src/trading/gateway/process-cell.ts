import { processStart } from '../../base/process-start.js'
import type { SupervisorEvent } from '../../runtime/supervision/supervisor.js'
import type { HeartbeatCell, HeartbeatInfo } from '../../state/heartbeats/cell.js'
import type { Heartbeats } from '../../state/heartbeats/heartbeats.js'

/**
 * The cell of a process that a gateway starts, in the table of heartbeats: it says which process it is, so that the next
 * gateway can end it when this one could not.
 */
export class ProcessCell {
  private readonly cell: HeartbeatCell

  /** @throws {StateFullError} when there are more processes than the table has cells. */
  constructor(heartbeats: Heartbeats, name: string) {
    this.cell = heartbeats.acquire(name)
  }

  /** The number of the cell. */
  get number(): number {
    return this.cell.number
  }

  /** Another value with each sign of life. */
  get beats(): number {
    return this.cell.beats
  }

  /** The position of the next frame that the process will handle. */
  get position(): number {
    return this.cell.position
  }

  /** A process is about to be started. @param epoch counts its lives. */
  start(epoch: number): void {
    this.cell.start(epoch)
  }

  /** What happened to the process. */
  follow(event: SupervisorEvent, restarts: number): void {
    const { cell } = this
    cell.setRestarts(restarts)
    // Without a start time no later gateway ends that process: one inside this process is no process to be ended.
    if (event.kind === 'started') cell.setProcess(event.pid, event.inProcess === true ? 0 : processStart(event.pid))
    else if (event.kind === 'ready') cell.setPhase('running')
    else if (event.kind === 'given-up') cell.setPhase('failed')
    else if (event.kind === 'ended') {
      cell.setProcess(0, 0)
      cell.setPhase('waiting')
    }
  }

  read(): HeartbeatInfo {
    return this.cell.read()
  }

  release(): void {
    this.cell.release()
  }
}
