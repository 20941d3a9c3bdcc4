import { existsSync } from 'node:fs'
import { defineStrategy, Gateway } from 'ticktape/runtime'
import { TestDesk } from 'ticktape/testing'
import { expect, test } from 'vitest'
import { feedOf, moduleOf, newHome, QUICK } from '../../support/desks.ts'
import { rejectionOf } from '../../support/failures.ts'

const momentum = defineStrategy({ id: 'momentum', onTrade() {} })
const limitsOf = (id: string): object => ({ risk: { strategies: { [id]: { maxPosition: 1 } } } })

test('limits of a strategy that the desk does not have are refused with the nearest one; a home keeps the names that it had', async () => {
  const open = (strategies: readonly (typeof momentum)[], id: string, home?: string): Promise<TestDesk> =>
    TestDesk.open({ strategies, home, ...limitsOf(id) })
  expect(await rejectionOf(open([momentum], 'momentm'))).toMatchObject({
    code: 'ERR_INVALID_OPTION',
    message: expect.stringMatching(/momentm., which is none of this desk; did you mean 'momentum'\?/) as string,
  })
  expect(await rejectionOf(open([momentum], 'zzzzzzzzzzzz'))).toMatchObject({
    message: expect.stringContaining('there are: momentum. Limits of one that is added later') as string,
  })
  const home = newHome()
  await (await open([momentum], 'momentum', home)).close()
  // It does not run now, and the home knows it.
  await (await open([defineStrategy({ id: 'other', onTrade() {} })], 'momentum', home)).close()
})

test('a gateway refuses them before it makes a home', async () => {
  const home = newHome()
  const strategies = [moduleOf("export default defineStrategy({ id: 'momentum', onTrade() {} })")]
  const refused = Gateway.start({ ...QUICK, home, strategies, feed: feedOf([]), ...limitsOf('Momentum') })
  expect(await rejectionOf(refused)).toMatchObject({
    message: expect.stringContaining("did you mean 'momentum'?") as string,
  })
  expect(existsSync(home)).toBe(false)
})
