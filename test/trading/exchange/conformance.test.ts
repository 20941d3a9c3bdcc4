/** The exchange keeps the rules of conformance.txt. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { Player, readConformance } from './conformance.ts'

const conformance = readConformance(readFileSync(join(import.meta.dirname, 'conformance.txt'), 'utf8'))

describe('the rules of the exchange', () => {
  for (const { name, line, options, steps } of conformance.cases) {
    test(name, () => {
      const player = new Player(conformance, options)
      const paidIn = player.exchange.sums().cash
      for (const step of steps) {
        const where = `conformance.txt:${step.line}`
        expect([where, ...player.do(step.text)]).toEqual([where, ...step.events])
        for (const state of step.states)
          expect([`conformance.txt:${state.line}`, player.state(state.text)]).toEqual([
            `conformance.txt:${state.line}`,
            state.text,
          ])
        const { cash, positions } = player.exchange.sums()
        for (const [currency, sum] of Object.entries(cash)) expect(sum).toBe(paidIn[currency] ?? '0')
        for (const sum of Object.values(positions)) expect(sum).toBe(0)
      }
      expect(steps.length, `conformance.txt:${line} has no steps`).toBeGreaterThan(0)
    })
  }
})
