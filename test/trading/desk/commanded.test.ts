import { expect, test } from 'vitest'
import { Facts } from '../../../dist/trading/desk/facts.js'
import { loadFacts, saveFacts } from '../../../dist/trading/desk/player-data.js'
import { endedChanges } from '../../../dist/trading/gateway/ended-changes.js'
import { Instruments } from '../../../dist/trading/instruments/instruments.js'
import { pack, unpack } from '../../../dist/trading/snapshots/pack.js'

const IDENTITY = { home: 1n, generation: 1, origin: 0n }

/** As a snapshot keeps it. */
function kept(facts: Facts): Facts {
  const loaded = new Facts()
  loadFacts(loaded, unpack(pack(saveFacts(facts, IDENTITY, {} as never))) as never, new Instruments())
  return loaded
}

/** A command that the gateway takes, and what becomes of it. */
function command(facts: Facts, action: string, strategy: string, detail: string, isDone = true): void {
  const id = BigInt(facts.unfinished.size + 1)
  facts.unfinished.set(id, { position: 0, command: { id, action, strategy, detail, expires: 0n } as never })
  facts.finish(id, isDone)
}

test('what commands made of the strategies is known from the sequence, and from a snapshot', () => {
  const facts = new Facts()
  expect(saveFacts(facts, IDENTITY, {} as never).commanded).toBeUndefined()
  command(facts, 'add-strategy', 'a', '/a.mjs')
  command(facts, 'add-strategy', 'b', '/b.mjs')
  command(facts, 'remove-strategy', 'b', '')
  command(facts, 'replace-strategy', 'c', '/c2.mjs')
  command(facts, 'add-strategy', 'd', '/d.mjs', false)
  expect([...facts.commanded]).toEqual([
    ['a', '/a.mjs'],
    ['b', undefined],
    ['c', '/c2.mjs'],
  ])
  expect([...kept(facts).commanded]).toEqual([...facts.commanded])
})

test('a start that has the same strategies says nothing', () => {
  const commanded = new Map([
    ['a', '/a.mjs'],
    ['b', undefined],
  ])
  const info = { id: 'a', file: '/a.mjs' } as never
  expect(endedChanges('/home', commanded, [info])).toBeUndefined()
  expect(endedChanges('/home', new Map(), [])).toBeUndefined()
  expect(endedChanges('/my desk', new Map([['a', "/it's.mjs"]]), [])?.message).toContain(
    `(ticktape strategy add '/my desk' a '/it'\\''s.mjs')`,
  )
})
