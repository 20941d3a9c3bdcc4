import type { Sample } from '../types.js'
import { Alert } from './alert.js'
import { type Measured, RULES, type RuleName, type Threshold } from './rules.js'
import type { WatchRules } from './rules-file.js'

/** An alert that fires or clears. */
export interface AlertEvent {
  readonly event: 'fired' | 'cleared'
  readonly rule: RuleName
  /** What it is about: a journal, a process, an account. */
  readonly subject: string
  readonly value: number
  readonly threshold: Threshold
  /** ns since 1970, of the sample. */
  readonly time: bigint
  /** The home or the journals. */
  readonly path: string
  /** One sentence. */
  readonly text: string
}

interface Watched {
  readonly name: RuleName
  readonly what: string
  readonly threshold: Threshold
  readonly measure: (sample: Sample) => readonly Measured[]
  readonly alerts: Map<string, Alert>
}

/** Applies rules to samples. Each alert fires once, and clears once. */
export class Watcher {
  private readonly watched: readonly Watched[]

  constructor(rules: WatchRules) {
    this.watched = RULES.flatMap(({ name, what, measure }) => {
      const threshold = rules[name]
      return threshold === undefined ? [] : [{ name, what, threshold, measure: measure(), alerts: new Map() }]
    })
  }

  /** What fires or clears. @param at ms of a clock that is not set, such as `performance.now()`. */
  check(sample: Sample, at: number): AlertEvent[] {
    return this.watched.flatMap(watched => this.checkRule(watched, sample, at))
  }

  /** How many alerts are firing. */
  get firing(): number {
    return this.watched.reduce((sum, { alerts }) => sum + [...alerts.values()].filter(({ firing }) => firing).length, 0)
  }

  private checkRule({ name, what, threshold, measure, alerts }: Watched, sample: Sample, at: number): AlertEvent[] {
    const measured = measure(sample)
    const values = new Map(measured.map(({ subject, value }) => [subject, value]))
    // What is gone cannot be bad; but while files cannot be read, nothing is known of it.
    if (sample.problems.length === 0)
      for (const subject of alerts.keys()) if (!values.has(subject)) values.set(subject, goodValue(threshold))
    return [...values].flatMap(([subject, value]) => {
      let alert = alerts.get(subject)
      if (alert === undefined) alerts.set(subject, (alert = new Alert(threshold)))
      const event = alert.update(value, at)
      if (event === undefined || value === undefined) return []
      const text = `${name} ${event === 'fired' ? 'fires' : 'clears'} for ${subject}: ${roundedText(value)}, ${what}`
      return [{ event, rule: name, subject, value, threshold, time: sample.time, path: sample.path, text }]
    })
  }
}

function goodValue({ above, below, clear }: Threshold): number {
  return clear ?? above ?? below ?? 0
}

function roundedText(value: number): string {
  return String(Number(value.toPrecision(6)))
}
