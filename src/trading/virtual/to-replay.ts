import { formatValue } from '../../base/format-value.js'
import { replaySession } from '../replay/session.js'
import type { ReplayVerdict } from '../replay/verdict.js'

/**
 * Matchers for vitest, and for other test runners that take objects of this form:
 *
 *     expect.extend(matchers)
 *     await expect(home).toReplay()
 *
 * `toReplay` passes when gateway, simulated exchanges and all strategies of a home decide the same again. It takes the home's
 * directory, or anything that has it as `home`, such as a Gateway or a TestDesk that is not closed.
 */
export const matchers = {
  async toReplay(received: unknown): Promise<{ pass: boolean; message: () => string }> {
    const home = typeof received === 'string' ? received : (received as { readonly home?: unknown } | undefined)?.home
    if (typeof home !== 'string')
      return {
        pass: false,
        message: () => `a home, or something that has one, was expected; not ${formatValue(received)}`,
      }
    const { verdict, gateway, exchanges, strategies } = await replaySession({ home })
    const all = [gateway, ...exchanges, ...strategies]
    return {
      pass: verdict === 'same',
      message: () =>
        verdict === 'same'
          ? `${home} replays: the gateway and all strategies decide the same`
          : `${home} does not replay\n${all.map(lineOf).join('\n')}`,
    }
  },
}

function lineOf({ who, verdict, text, difference }: ReplayVerdict): string {
  const line = `${who}: ${verdict}: ${text}`
  if (difference === undefined) return line
  const { recorded, replayed } = difference
  return `${line}\n  recorded: ${textOf(recorded)}\n  replayed: ${textOf(replayed)}`
}

function textOf(frame: unknown): string {
  if (frame === undefined) return 'nothing'
  return JSON.stringify(frame, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value))
}
