import * as fs from 'node:fs'
import { UnsafePathError } from '../../base/errors.js'
import { isOwn, isWritableByOthers } from '../../base/files/owner.js'
import { on } from '../../frames/handlers.js'
import { Reader } from '../../journal/read/reader.js'
import { HomeError } from '../errors.js'
import { ConfigReader, type DeskConfig } from './config.js'
import { Config, StrategyStart } from './frames.js'
import type { HomeDirectory } from './home.js'

/** What the sequence says of the strategies of a home. */
export interface Lives {
  readonly strategies: ReadonlyMap<string, StrategyLives>
  /** The first configuration. */
  readonly config: DeskConfig | undefined
}

export interface StrategyLives {
  readonly number: number
  /** Its module at its last start; '' when it is not on record. */
  readonly file: string
  readonly epochs: ReadonlyMap<number, Life>
}

/** One epoch of a strategy. */
export interface Life {
  readonly seed: number
  /** SHA-256 of its module's file and of those that it imports, hexadecimal. */
  readonly code: string
}

/** Reads the starts of all strategies. */
export function livesOf(home: HomeDirectory): Lives {
  const strategies = new Map<string, { number: number; file: string; epochs: Map<number, Life> }>()
  const configs = new ConfigReader()
  let config: DeskConfig | undefined
  const reader = Reader.open(home.sequence)
  const handlers = on(StrategyStart, ({ id, strategy, epoch, seed, code, file }) => {
    let known = strategies.get(id)
    if (known === undefined) strategies.set(id, (known = { number: strategy, file, epochs: new Map() }))
    known.file = file
    known.epochs.set(epoch, { seed, code })
  }).on(Config, frame => {
    config = configs.add(frame) ?? config
  })
  try {
    while (reader.poll(handlers, 4096) > 0);
  } finally {
    reader.close()
  }
  return { strategies, config }
}

/** @throws {HomeError} when there is no strategy with this id. */
export function strategyIn(home: HomeDirectory, { strategies }: Lives, id: string): StrategyLives {
  const known = strategies.get(id)
  if (known !== undefined) return known
  const names = [...strategies.keys()].map(other => `'${other}'`).join(', ')
  throw new HomeError(`${home.path} has no strategy '${id}'; there are: ${names || 'none'}`, { path: home.path })
}

/**
 * The module that a strategy was last started from, as the sequence has it.
 *
 * @throws {HomeError} when it is not on record; {UnsafePathError} when others may write the sequence: it names a module to run.
 */
export function moduleOnRecord(home: HomeDirectory, id: string, { file }: StrategyLives): string {
  const stat = fs.statSync(home.sequence)
  const isTrusted = isOwn(stat.uid) || process.geteuid?.() === 0
  if (!isTrusted || isWritableByOthers(stat.mode, 0o700)) {
    throw new UnsafePathError(
      `${home.sequence} must be your own, and not writable for others, because it names modules to run; give the module of '${id}' yourself`,
      { path: home.sequence },
    )
  }
  if (file !== '') return file
  throw new HomeError(`${home.path} does not say where the module of strategy '${id}' is; give it yourself`, {
    path: home.path,
  })
}
