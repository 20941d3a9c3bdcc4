import * as fs from 'node:fs'
import * as path from 'node:path'
import { type DescriptionDifference, descriptionDifferences } from '../../desk-file/differences.js'
import { descriptionInEffect } from '../../desk-file/in-effect.js'
import { isKept } from '../../desk-file/keep.js'
import { type DeskDescription, readDeskFile } from '../../desk-file/read.js'
import { HomeDirectory, isHome } from '../../trading/sequence/home.js'
import { UsageError } from '../output/failure.js'
import type { FeedOptions } from './feed-options.js'
import { type RunFiles, readRunFiles } from './run-files.js'

/** The options of `run` that say what to run. */
export interface RunDeskOptions extends FeedOptions, RunFiles {
  readonly home?: string
  readonly config?: string
  readonly apply?: boolean
  readonly inProcess?: boolean
  readonly feed?: string
}

export interface RunDesk {
  readonly description: DeskDescription
  /** What `<home>/desk.json` says otherwise, and is not applied. */
  readonly unapplied: readonly DescriptionDifference[]
}

/**
 * What to run: the strategies and the options of the command line, on top of `--config`. With neither strategies nor `--config` it is what
 * the home's sequence has in effect; `<home>/desk.json` counts for the first start, and with `--apply`.
 *
 * @param isGiven whether an option is on the command line.
 * @throws {UsageError}, {DeskFileError}, {HomeError}
 */
export function deskOf(
  files: readonly string[],
  options: RunDeskOptions,
  isGiven: (name: keyof RunDeskOptions) => boolean,
): RunDesk {
  const file = ownFileOf(options.home)
  const own = file === undefined ? undefined : readDeskFile(file)
  if (options.apply === true && (own === undefined || files.length > 0 || options.config !== undefined))
    throw new UsageError('--apply puts <home>/desk.json into effect: give --home with such a file, and no other files')
  if (options.inProcess === true && files.length === 0)
    throw new UsageError(
      '--in-process is about modules on the command line; in a desk.json it is { "module": FILE, "inProcess": true }',
    )
  const description = withOptions(baseOf(files, options, own), files, options, isGiven)
  // A copy of what ran before is replaced by what `--config` says.
  const isReplaced = file !== undefined && options.config !== undefined && isKept(file, inEffectIn(options.home))
  if (own === undefined || isReplaced) return { description, unapplied: [] }
  return { description, unapplied: descriptionDifferences(description, own) }
}

/** What the home's sequence says that its desk runs; undefined without a home. */
function inEffectIn(home: string | undefined): DeskDescription | undefined {
  return home !== undefined && isHome(home) ? descriptionInEffect(HomeDirectory.openExisting(home)) : undefined
}

/** The path of `<home>/desk.json`; undefined when there is none. */
function ownFileOf(home: string | undefined): string | undefined {
  const file = home === undefined ? undefined : path.join(home, 'desk.json')
  return file !== undefined && fs.existsSync(file) ? file : undefined
}

function baseOf(
  files: readonly string[],
  { config, home, apply }: RunDeskOptions,
  own: DeskDescription | undefined,
): DeskDescription {
  if (config !== undefined) return readDeskFile(config)
  if (files.length > 0) return { strategies: [] }
  const found = apply === true ? own : (inEffectIn(home) ?? own)
  if (found !== undefined) return found
  throw new UsageError(
    home === undefined
      ? 'give modules with strategies, --config FILE, or the --home of a desk that has run before'
      : `${home} does not say what to run: give modules with strategies, or --config FILE, or put a desk.json there`,
  )
}

function withOptions(
  base: DeskDescription,
  files: readonly string[],
  options: RunDeskOptions,
  isGiven: (name: keyof RunDeskOptions) => boolean,
): DeskDescription {
  const { venue, ...others } = readRunFiles(options)
  const description = {
    ...base,
    ...others,
    ...(venue === undefined ? {} : { venues: [venue] }),
    ...(files.length === 0 ? {} : { strategies: files.map(file => moduleOf(file, options)) }),
    ...(options.speed === undefined ? {} : { speed: options.speed }),
    ...(options.maxGap === undefined ? {} : { maxGapMs: options.maxGap }),
    ...(isGiven('wait') ? { wait: options.wait } : {}),
  }
  if (options.capture !== undefined) return { ...description, feed: { capture: path.resolve(options.capture) } }
  const liveFeed = venue === undefined ? undefined : liveFeedOf(venue)
  if (liveFeed !== undefined) {
    if (isGiven('feed')) return withSynthetic(description, base, options, isGiven)
    // Live events are taken when they come.
    return { ...description, feed: liveFeed, speed: 'max' }
  }
  return withSynthetic(description, base, options, isGiven)
}

function moduleOf(file: string, { inProcess = false }: RunDeskOptions): DeskDescription['strategies'][number] {
  return inProcess ? { module: path.resolve(file), inProcess } : path.resolve(file)
}

/** The market data of a real venue; undefined for any other venue. */
function liveFeedOf(venue: NonNullable<DeskDescription['venues']>[number]): DeskDescription['feed'] {
  if (typeof venue !== 'object') return undefined
  if ('okx' in venue) return { okx: placeOf(venue.okx) }
  if ('binance' in venue) {
    const { market } = venue.binance
    return { binance: { ...placeOf(venue.binance), ...(market === undefined ? {} : { market }) } }
  }
  if ('ccxt' in venue) {
    const { exchange, package: folder } = venue.ccxt
    return { ccxt: { exchange, ...placeOf(venue.ccxt), ...(folder === undefined ? {} : { package: folder }) } }
  }
  if (!('bybit' in venue)) return undefined
  const { category } = venue.bybit
  return { bybit: { ...placeOf(venue.bybit), ...(category === undefined ? {} : { category }) } }
}

function placeOf({ endpoint, symbols }: { readonly endpoint?: string; readonly symbols?: readonly string[] }): {
  readonly endpoint?: string
  readonly symbols?: readonly string[]
} {
  return { ...(endpoint === undefined ? {} : { endpoint }), ...(symbols === undefined ? {} : { symbols }) }
}

function withSynthetic(
  description: DeskDescription,
  base: DeskDescription,
  options: RunDeskOptions,
  isGiven: (name: keyof RunDeskOptions) => boolean,
): DeskDescription {
  const { seed, rate } = options
  const isSynthetic = isGiven('feed') || isGiven('seed') || isGiven('rate') || description.feed === undefined
  if (!isSynthetic) return description
  const given = base.feed !== undefined && 'synthetic' in base.feed ? base.feed.synthetic : {}
  return {
    ...description,
    feed: {
      synthetic: {
        ...given,
        ...(isGiven('seed') || given.seed === undefined ? { seed } : {}),
        ...(isGiven('rate') || given.rate === undefined ? { rate } : {}),
      },
    },
  }
}
