/** The exchange keeps the rules of the folder conformance. */
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { Player, readConformance } from './conformance.ts'

const conformance = readConformance(join(import.meta.dirname, 'conformance'))

describe('the rules of the exchange', () => {
  for (const { name, where: caseAt, options, steps } of conformance.cases) {
    test(`${name} (${caseAt})`, () => {
      const player = new Player(conformance, options)
      const paidIn = player.exchange.sums().cash
      for (const step of steps) {
        const { where } = step
        expect([where, ...player.do(step.text)]).toEqual([where, ...step.events])
        for (const state of step.states)
          expect([state.where, player.state(state.text)]).toEqual([state.where, state.text])
        const { cash, positions } = player.exchange.sums()
        for (const [currency, sum] of Object.entries(cash)) expect(sum).toBe(paidIn[currency] ?? '0')
        for (const sum of Object.values(positions)) expect(sum).toBe(0)
      }
      expect(steps.length, `${caseAt} has no steps`).toBeGreaterThan(0)
    })
  }
})
