// The dashboard in a real browser, on a desk that trades.
import { join } from 'node:path'
import { Gateway, type GatewayOptions } from 'ticktape/runtime'
import { serve, type TicktapeServer } from 'ticktape/serve'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CHROMIUM, openPage, type WatchedPage } from '../support/browser.ts'
import { fillsOf, moduleOf, ordersOf, PushedFeed, QUICK, quote, reportsOf, until } from '../support/desks.ts'
import { makeFolderForAll } from '../support/folders.ts'

const STRATEGY = `
  export default defineStrategy({ id: 'maker', onBook({ bid, ask }, context) {
    if (bid === 100) context.order({ symbol: 'BTCUSDT', side: 'buy', quantity: 1, price: ask, clientOrderId: 'bought' })
    if (bid === 101) context.order({ symbol: 'BTCUSDT', side: 'buy', quantity: 2, price: 90, clientOrderId: 'rests' })
    if (bid === 102) context.order({ symbol: 'BTCUSDT', side: 'sell', quantity: 0.5, price: bid, clientOrderId: 'sold' })
  } })`

// A browser on a busy machine takes its time.
describe.skipIf(CHROMIUM === undefined)('the dashboard, in chromium (a Debian package)', { timeout: 120_000 }, () => {
  const folder = makeFolderForAll('memory')
  const home = join(folder, 'home')
  const feed = new PushedFeed()
  const problems: unknown[] = []
  let options: GatewayOptions
  let gateway: Gateway
  let server: TicktapeServer

  beforeAll(async () => {
    const risk = { maxPosition: 10, maxOpenOrders: 5 }
    options = { ...QUICK, home, risk, strategies: [moduleOf(STRATEGY, 'maker.mjs', folder)], feed }
    gateway = await Gateway.start(options)
    feed.push(quote('BTCUSDT', 100, 101))
    await until(() => fillsOf(home).length === 1, 'a fill')
    feed.push(quote('BTCUSDT', 101, 102))
    await until(() => reportsOf(home).some(report => report.price === 90), 'both orders')
    server = await serve(home, { onProblem: error => problems.push(error) })
  }, 60_000)

  afterAll(async () => {
    await server.stop()
    await gateway.stop()
  })

  const idOf = (label: string): string =>
    String(ordersOf(home, 'maker').find(order => order.clientOrderId === label)?.orderId)

  async function open(hash: string, scheme: 'light' | 'dark' = 'light'): Promise<WatchedPage> {
    const watched = await openPage(scheme)
    await watched.page.goto(`${server.url}#/${hash}`)
    return watched
  }

  it('the desk at a glance: processes, journals, limits, P&L', async () => {
    const { page, complaints } = await open('desk')
    await page.getByRole('cell', { name: 'strategies/maker' }).waitFor()
    await page.getByText('active', { exact: true }).waitFor()
    await page.getByRole('cell', { name: 'maxPosition' }).waitFor()
    await page.locator('.chart canvas').waitFor()
    await page.getByText('live', { exact: true }).waitFor()
    expect(complaints).toEqual([])
  })

  it('market, orders and fills change while one looks, without a reload', async () => {
    const market = await open('market')
    await market.page.getByRole('cell', { name: '101', exact: true }).first().waitFor()
    const orders = await open('orders')
    await orders.page.getByRole('link', { name: idOf('rests') }).waitFor()
    feed.push(quote('BTCUSDT', 102, 103))
    await market.page.getByText('103', { exact: true }).first().waitFor()
    await until(() => ordersOf(home, 'maker').some(order => order.clientOrderId === 'sold'), 'the third order')
    await orders.page
      .getByRole('link', { name: idOf('sold') })
      .first()
      .waitFor()
    await orders.page.getByRole('cell', { name: '0.5', exact: true }).first().waitFor()
    expect([...market.complaints, ...orders.complaints]).toEqual([])
  })

  it("one order's life: its hops from the market event to the fill, and a frame's fields", async () => {
    const { page, complaints } = await open('orders')
    await page
      .getByRole('link', { name: idOf('bought') })
      .first()
      .click()
    await page.getByText("event 0 of the feed 'pushed'").waitFor()
    await page.getByText('maker asks to buy 1 BTCUSDT.sim').first().click()
    await page.getByText('"clientOrderId": "bought"').first().waitFor()
    expect(await page.locator('.hops li').count()).toBeGreaterThan(6)
    expect(complaints).toEqual([])
  })

  it('the slider shows the desk as it was: before the first order there is none', async () => {
    const { page, complaints } = await open('history')
    await page.getByText('Positions then').waitFor()
    await page.getByRole('cell', { name: 'maker', exact: true }).first().waitFor()
    const slider = page.getByLabel('position in the history')
    await slider.focus()
    await page.keyboard.press('Home')
    await page.locator('.moment[data-position="0"]').waitFor()
    await page.getByText('no positions').waitFor()
    const [first] = fillsOf(home)
    await page.goto(`${server.url}#/history/${first.position + 1}`)
    await page.getByRole('cell', { name: 'BTCUSDT.sim' }).first().waitFor()
    expect(complaints).toEqual([])
  })

  it('the log has starts, and frames are shown page by page', async () => {
    const log = await open('log')
    await log.page.getByText('maker starts, epoch 1').waitFor()
    await log.page.keyboard.press('/')
    await log.page.keyboard.type('Switch')
    await log.page.getByText('maker starts, epoch 1').waitFor({ state: 'hidden' })
    const frames = await open('frames')
    await frames.page.getByRole('button', { name: 'first' }).click()
    await frames.page.getByRole('cell', { name: 'Home', exact: true }).waitFor()
    expect([...log.complaints, ...frames.complaints]).toEqual([])
  })

  it('keys choose a page and the colours', async () => {
    const { page, complaints } = await open('desk', 'dark')
    await page.getByRole('link', { name: 'Orders' }).waitFor()
    await page.keyboard.press('3')
    await page.getByText('Final orders').waitFor()
    const colour = async (): Promise<string> => page.evaluate('getComputedStyle(document.body).backgroundColor')
    expect(await colour()).toBe('rgb(16, 21, 28)')
    await page.keyboard.press('t')
    expect(await colour()).toBe('rgb(246, 247, 249)')
    expect(complaints).toEqual([])
  })

  it('pages stay while a strategy is killed and the gateway is started again, and show it', async () => {
    const desk = await open('desk')
    const log = await open('log')
    await log.page.getByText('maker starts, epoch 1').waitFor()
    const { pid } = gateway.status.strategies[0]
    process.kill(pid as number, 'SIGKILL')
    await log.page.getByText('maker starts, epoch 2').waitFor()
    await gateway.stop()
    await desk.page.getByText('not alive').first().waitFor()
    gateway = await Gateway.start(options)
    await log.page.getByText('the gateway starts, run 2').waitFor()
    await desk.page.getByText('not alive').first().waitFor({ state: 'hidden' })
    expect([...desk.complaints, ...log.complaints]).toEqual([])
  })

  it('the server had no problem meanwhile', () => {
    expect(problems).toEqual([])
  })
})
