// Draws the pages of the dashboard into docs/screenshots/: npm run screenshots. Needs chromium, and a build. A desk trades on a synthetic
// market meanwhile; its strategy is killed once, and its gateway too.
import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { chromium } from 'playwright-core'
import { root } from './run.mjs'

const TO = join(root, 'docs/screenshots')
const folder = mkdtempSync(join(tmpdir(), 'ticktape-screenshots-'))
const home = join(folder, 'home')
const main = join(root, 'dist/cli/main.js')
const children = new Set()

function ticktape(...args) {
  const child = spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  children.add(child)
  child.on('exit', () => children.delete(child))
  return child
}

const runDesk = () =>
  ticktape(
    'run',
    join(root, 'examples/momentum.mjs'),
    '--home',
    home,
    '--feed',
    'synthetic',
    '--speed',
    'realtime',
    '--rate',
    '300',
    '--json',
  )

/** The next line of output that is so, as JSON. */
async function hear(child, isSo) {
  for await (const line of createInterface({ input: child.stdout })) {
    const value = JSON.parse(line)
    if (isSo(value)) {
      child.stdout.resume()
      return value
    }
  }
  throw new Error('a process has ended')
}

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
})
try {
  let desk = runDesk()
  desk.stdout.resume()
  await sleep(10_000)
  const server = ticktape('serve', home, '--port', '0', '--json')
  const { url } = await hear(server, value => value.url !== undefined)
  const get = async path => (await fetch(`${url}api/${path}`)).json()
  const complaints = []
  const shoot = async (name, hash, colorScheme = 'light', ready = 'td') => {
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, colorScheme })
    const page = await context.newPage()
    page.on('console', message => message.type() === 'error' && complaints.push(message.text()))
    page.on('pageerror', error => complaints.push(String(error)))
    await page.goto(`${url}#/${hash}`)
    await page.locator(ready).first().waitFor({ timeout: 60_000 })
    await page.waitForTimeout(4000)
    await page.screenshot({ path: join(TO, `${name}.png`) })
    await context.close()
  }
  mkdirSync(TO, { recursive: true })
  const { processes } = await get('glance')
  process.kill(processes.find(({ kind }) => kind === 'strategy').pid, 'SIGKILL')
  await sleep(5000)
  desk.kill('SIGKILL')
  await sleep(1000)
  desk = runDesk()
  desk.stdout.resume()
  await sleep(15_000)
  await shoot('desk', 'desk')
  await shoot('market', 'market')
  await shoot('orders', 'orders')
  const { fills } = await get('fills?limit=1')
  await shoot('order', `order/${fills[0].orderId}`, 'light', '.hops li')
  const { points } = await get('timeline')
  await shoot('history-dark', `history/${Math.floor((points[0].position + points.at(-1).position) / 2)}`, 'dark')
  await shoot('log', 'log')
  if (complaints.length > 0) throw new Error(complaints.join('\n'))
} finally {
  await browser.close()
  for (const child of children) child.kill('SIGINT')
  await sleep(3000)
  for (const child of children) child.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
}
