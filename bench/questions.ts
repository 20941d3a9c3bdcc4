import { question as appendLatency } from './append-latency.js'
import { question as backtest } from './backtest.js'
import { question as catchUp } from './catch-up.js'
import { question as gateway } from './gateway.js'
import { question as manyStrategies } from './many-strategies.js'
import { question as matching } from './matching.js'
import { question as memory } from './memory.js'
import { question as merged } from './merged.js'
import { question as openSeek } from './open-seek.js'
import { question as operators } from './operators.js'
import { question as primitives } from './primitives.js'
import { question as python } from './python.js'
import { question as readers } from './readers.js'
import { question as replay } from './replay.js'
import { question as risk } from './risk.js'
import { question as roundTrip } from './round-trip.js'
import { question as sleepers } from './sleepers.js'
import { question as start } from './start.js'
import { question as state } from './state.js'
import type { Question } from './support/question.js'
import { question as throughput } from './throughput.js'
import { question as transports } from './transports.js'
import { question as wakeUp } from './wake-up.js'

/** All questions, in the order of the report. */
export const QUESTIONS: readonly Question[] = [
  primitives,
  throughput,
  roundTrip,
  transports,
  appendLatency,
  wakeUp,
  sleepers,
  readers,
  merged,
  catchUp,
  replay,
  openSeek,
  start,
  memory,
  state,
  gateway,
  manyStrategies,
  operators,
  python,
  risk,
  matching,
  backtest,
]
