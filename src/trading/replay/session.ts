import { setImmediate as turn } from 'node:timers/promises'
import { absolute } from '../../base/absolute.js'
import { TicktapeError } from '../../base/errors.js'
import { HomeDirectory } from '../sequence/home.js'
import { strategyIn } from '../sequence/lives.js'
import type { AsyncVenue } from '../venues/async-venue.js'
import { checkBytes } from './damage.js'
import { causeOf } from './frames-at.js'
import { type GatewayReplayResult, replayGateway } from './gateway.js'
import { type RecordedSession, readRecord } from './recorded-session.js'
import type { ReplayOptions } from './strategy.js'
import { strategyVerdict } from './strategy-verdict.js'
import { type ReplayVerdict, verdictOf } from './verdict.js'

export interface SessionReplayOptions {
  readonly home: string
  /** The ids of the strategies to replay. Default: all. */
  readonly strategies?: readonly string[]
  /** The modules of strategies, by id: to check whether another version decides the same. Default: those on record. */
  readonly files?: Readonly<Record<string, string>>
  /** Deterministic venues that this program cannot build from what is on record. */
  readonly venues?: readonly AsyncVenue[]
  readonly signal?: AbortSignal
  /** Called from time to time with who is replayed, and the part of it that is done, 0 to 1. */
  readonly onProgress?: (who: string, part: number) => void
}

export interface SessionReplay {
  /** 'same' when all verdicts are. */
  readonly verdict: ReplayVerdict['verdict']
  readonly gateway: ReplayVerdict
  /** One for each simulated exchange. What other venues said is input, and is not compared. */
  readonly exchanges: readonly ReplayVerdict[]
  readonly strategies: readonly ReplayVerdict[]
}

/**
 * Decides again all that a gateway, its simulated exchanges and its strategies decided, from the journals of a home, and
 * compares it with what they recorded. There is a verdict for each of them in every case. A home that is live is replayed up
 * to its end at the call. Nothing is written.
 *
 * Nothing in a home of version 0.1 can be compared.
 *
 * @throws {HomeError} for a directory that is no home, and the signal's reason.
 */
export async function replaySession(options: SessionReplayOptions): Promise<SessionReplay> {
  const old = HomeDirectory.findOld(options.home)
  if (old !== undefined) return oldSession(old, options.strategies ?? old.strategyIds)
  const home = HomeDirectory.openExisting(options.home)
  const { signal, onProgress } = options
  const files = Object.fromEntries(Object.entries(options.files ?? {}).map(([id, file]) => [id, absolute(file)]))
  const [recorded, unreadable] = readRecord(home)
  const ids = options.strategies ?? [...new Set([...recorded.lives.strategies.keys(), ...home.strategyIds])]
  const played = await playGateway({ ...options, home: home.path })
  const decided = gatewayVerdict(home, played)
  const exchanges = exchangeVerdicts(recorded, played, decided)
  const gateway = await checkBytes(decided, home.sequence)
  const strategies: ReplayVerdict[] = []
  for (const id of ids) {
    await turn()
    signal?.throwIfAborted()
    strategies.push(
      await strategyVerdict({
        home,
        id,
        recorded,
        unreadable,
        file: files[id],
        signal,
        onProgress: part => onProgress?.(id, part),
      }),
    )
  }
  return { verdict: verdictOf([gateway, ...exchanges, ...strategies]), gateway, exchanges, strategies }
}

/**
 * The verdict for one strategy alone.
 *
 * @param options `strategy` is its id, `file` its module: default the one on record.
 * @throws {HomeError} for a directory that is no home, or has no such strategy, and the signal's reason.
 */
export async function replayOneStrategy(options: ReplayOptions): Promise<ReplayVerdict> {
  const old = HomeDirectory.findOld(options.home)
  if (old !== undefined) return oldVerdict(old, { who: options.strategy, role: 'strategy' })
  const home = HomeDirectory.openExisting(options.home)
  const { strategy: id, signal, onProgress = () => {} } = options
  const [recorded, unreadable] = readRecord(home)
  if (unreadable === undefined) strategyIn(home, recorded.lives, id)
  return strategyVerdict({ home, id, recorded, unreadable, file: absolute(options.file), signal, onProgress })
}

function oldSession(home: HomeDirectory, ids: readonly string[]): SessionReplay {
  return {
    verdict: 'cannot compare',
    gateway: oldVerdict(home, { who: 'gateway', role: 'gateway' }),
    exchanges: [],
    strategies: ids.map(who => oldVerdict(home, { who, role: 'strategy' })),
  }
}

function oldVerdict({ path }: HomeDirectory, who: Pick<ReplayVerdict, 'who' | 'role'>): ReplayVerdict {
  const text = `${path} is a home of version 0.1, whose journals do not have all that decisions depended on; 'ticktape tail' and 'ticktape sql' read them`
  return { ...who, verdict: 'cannot compare', text, compared: 0 }
}

async function playGateway(options: SessionReplayOptions): Promise<GatewayReplayResult | Error> {
  const { home, venues, signal, onProgress } = options
  try {
    return await replayGateway({ home, venues, signal, onProgress: part => onProgress?.('gateway', part) })
  } catch (error) {
    signal?.throwIfAborted()
    if (error instanceof TicktapeError) return error
    throw error
  }
}

function gatewayVerdict(home: HomeDirectory, played: GatewayReplayResult | Error): ReplayVerdict {
  const who = { who: 'gateway', role: 'gateway' } as const
  if (played instanceof Error) return { ...who, verdict: 'cannot compare', text: played.message, compared: 0 }
  const { from, outcomes, events, snapshots, difference } = played
  const checked = snapshots === 0 ? '' : `, ${snapshots} ${snapshots === 1 ? 'snapshot' : 'snapshots'} checked`
  const since = from === 0 ? '' : `, from position ${from} on: earlier pages were retired`
  const done = `${events} market events, ${outcomes} outcomes as recorded${checked}${since}`
  if (difference !== undefined) {
    const { position, found, expected } = difference
    return {
      ...who,
      verdict: 'different',
      text: `at position ${position} the sequence has what the gateway does not decide now; before it ${done}`,
      compared: outcomes,
      difference: {
        position,
        recorded: JSON.parse(found) as unknown,
        replayed: expected === undefined ? undefined : (JSON.parse(expected) as unknown),
        cause: causeOf(home, position),
      },
    }
  }
  if (outcomes === 0 && events === 0)
    return { ...who, verdict: 'cannot compare', text: 'nothing was decided yet, so nothing was compared', compared: 0 }
  return { ...who, verdict: 'same', text: done, compared: outcomes }
}

function exchangeVerdicts(
  { lives, copies }: RecordedSession,
  played: GatewayReplayResult | Error,
  gateway: ReplayVerdict,
): ReplayVerdict[] {
  return (lives.config?.venues ?? [])
    .filter(({ deterministic }) => deterministic)
    .map(({ name }) => {
      const who = { who: name, role: 'exchange' } as const
      const fills = copies.fills.get(name) ?? 0
      if (played instanceof Error)
        return { ...who, verdict: 'cannot compare', text: 'the gateway cannot be replayed', compared: 0 }
      const { difference } = gateway
      if (difference === undefined && gateway.verdict === 'same')
        return { ...who, verdict: 'same', text: `it answers the same again: ${fills} fills`, compared: fills }
      if (difference === undefined)
        return { ...who, verdict: 'cannot compare', text: 'nothing was asked of it yet', compared: 0 }
      if (!isFill(difference.recorded) && !isFill(difference.replayed))
        return {
          ...who,
          verdict: 'cannot compare',
          text: `from position ${difference.position} on the gateway decides otherwise, so the exchange is asked for other things`,
          compared: 0,
        }
      return {
        ...who,
        verdict: 'different',
        text: `at position ${difference.position} there is a fill that it does not make now`,
        compared: 0,
        difference,
      }
    })
}

function isFill(frame: unknown): boolean {
  return (frame as { readonly type?: unknown } | undefined)?.type === 'Fill'
}
