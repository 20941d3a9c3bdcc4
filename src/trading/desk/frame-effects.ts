import { Halves } from '../../frames/halves.js'
import { Handlers } from '../../frames/handlers.js'
import type { FramePointer } from '../../frames/pointer.js'
import { type FrameView, pointerOf } from '../../frames/view.js'
import { specOf } from '../messages/instrument-frames.js'
import { Clock, InstrumentTerms, Taken } from '../messages/sequence-frames.js'
import { ConfigReader, type DeskConfig } from '../sequence/config.js'
import {
  Config,
  FeedStart,
  Home,
  Lost,
  Run,
  SnapshotEnd,
  StrategyEnd,
  StrategyReset,
  StrategyStart,
  Switch,
} from '../sequence/frames.js'
import { type HomeIdentity, STRATEGY_JOURNALS } from '../sequence/home.js'
import { Command, CommandResult, DeadMan, StrategyEvent } from '../sequence/supervision-frames.js'
import type { Desk } from './desk.js'
import type { Facts } from './facts.js'
import type { OutcomeComparison } from './outcome-comparison.js'
import { type LostJournal, PowerLoss } from './power-loss.js'
import { addTrading, type PlayObserver, type TradingPlay } from './trading-effects.js'

const TAKEN_CLOCK = new Halves(Taken, 'clock')
const RUN_CLOCK = new Halves(Run, 'clock')
const CLOCK_CLOCK = new Halves(Clock, 'clock')

/** What each frame of a sequence does: to the desk, and to the facts beside it. Outcomes are compared. Frames of trading are in trading-effects. */
export class FrameEffects implements TradingPlay {
  readonly handlers = new Handlers()
  readonly compare: (frame: FrameView) => void
  desk: Desk | undefined = undefined
  observer: PlayObserver | undefined = undefined
  /** The configuration is in effect from here on. */
  onConfig: (config: DeskConfig) => void = () => {}

  /** From which journal the copies are. */
  journal = 0
  private originLow = 0
  private originHigh = 0
  private readonly configs = new ConfigReader()
  private readonly loss: PowerLoss

  /** @param makeDesk makes the desk, once the home's origin is known. */
  constructor(
    readonly facts: Facts,
    outcomes: OutcomeComparison,
    private readonly makeDesk: (identity: HomeIdentity) => Desk,
  ) {
    this.loss = new PowerLoss(facts)
    this.compare = frame => outcomes.compare(frame)
    this.addHome()
    this.addStrategies()
    this.addOperator()
    this.addBursts()
    addTrading(this.handlers, this)
  }

  begin(identity: HomeIdentity): void {
    this.facts.identity = identity
    this.originLow = Number(identity.origin & 0xffffffffn)
    this.originHigh = Number(identity.origin >> 32n)
    this.desk ??= this.makeDesk(identity)
  }

  /** The machine stopped. @param position of the Lost frame. */
  lose(lost: LostJournal, isLast: boolean, position: number): void {
    this.loss.add(lost, isLast, position, this.desk)
  }

  /** What the home is, its runs, configuration and instruments. */
  private addHome(): void {
    const { facts } = this
    this.handlers
      .on(Home, ({ home, generation, origin }) => this.begin({ home, generation, origin }))
      .on(Run, frame => {
        facts.run = frame.run
        facts.bootedAt = frame.position
        facts.commanded.clear()
        this.desk?.restart(
          RUN_CLOCK.since(pointerOf(frame) as FramePointer, this.originLow, this.originHigh),
          frame.position,
        )
      })
      .on(Config, frame => {
        const config = this.configs.add(frame)
        if (config === undefined) return
        facts.config = config
        this.onConfig(config)
        this.desk?.sessions.set(config.calendars, this.desk.now)
      })
      .on(InstrumentTerms, frame => {
        const { desk } = this
        if (desk !== undefined) desk.sessions.add(desk.instruments.restore(frame.number, specOf(frame)), desk.now)
      })
      .on(FeedStart, ({ identity, next }) => void Object.assign(facts.feed, { identity, next, known: true }))
      .on(SnapshotEnd, ({ snapshot, size, at }) => void Object.assign(facts.snapshot, { number: snapshot, size, at }))
      .on(Lost, frame => this.lose(frame, frame.last, frame.position))
  }

  /** Starts and ends of strategies. */
  private addStrategies(): void {
    const { facts } = this
    this.handlers
      .on(StrategyStart, frame => {
        const { id, strategy, epoch, seed, code, file, wantsTicker } = frame
        facts.starts.set(strategy, { id, strategy, epoch, seed, code, file, wantsTicker })
        facts.strategies.set(id, { id, number: strategy, epoch, ended: false })
        this.desk?.startStrategy(strategy, id, epoch, frame.wantsTicker)
      })
      .on(StrategyEnd, frame => {
        facts.endStrategy(frame.strategy)
        this.desk?.endStrategy(frame.strategy)
      })
      .on(StrategyReset, frame => {
        facts.taken.delete(STRATEGY_JOURNALS + frame.strategy)
        for (const known of facts.strategies.values())
          if (known.number === frame.strategy) known.epoch = Math.max(known.epoch, frame.epoch)
      })
      .on(StrategyEvent, frame => {
        if (frame.event === 'ready') this.desk?.strategyReady(frame.strategy)
      })
  }

  /** What people command. */
  private addOperator(): void {
    const { facts } = this
    this.handlers
      .on(Switch, frame => this.desk?.switchTo(frame.state, frame.position))
      .on(Command, frame => {
        const command = frame.toObject()
        const { position } = frame
        if (this.desk?.command(command, position) === true) facts.unfinished.set(command.id, { position, command })
      })
      .on(CommandResult, frame => {
        if (frame.decidedBy === 'desk') this.compare(frame)
        else facts.finish(frame.id, frame.state === 'done')
      })
      .on(DeadMan, this.compare)
  }

  /** Time, and what is taken from where. */
  private addBursts(): void {
    const { facts } = this
    this.handlers
      .on(Taken, frame => {
        this.journal = frame.journal
        facts.taken.set(frame.journal, frame.to)
        if (frame.journal === 0) facts.feed.next = frame.to
        this.tick(TAKEN_CLOCK, frame)
        this.remember(frame)
      })
      .on(Clock, frame => {
        this.tick(CLOCK_CLOCK, frame)
        this.desk?.advance(frame.position)
      })
  }

  private remember({ journal, from, to }: FrameView<typeof Taken>): void {
    const { lastTaken, takenAt } = this.facts
    lastTaken.journal = journal
    lastTaken.from = from
    lastTaken.to = to
    lastTaken.copies = 0
    takenAt.set(journal, this.desk?.now ?? 0)
  }

  private tick(clock: Halves, frame: FrameView<typeof Taken> | FrameView<typeof Clock>): void {
    this.desk?.tick(clock.since(pointerOf(frame) as FramePointer, this.originLow, this.originHigh))
  }
}
