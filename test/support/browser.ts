/** A headless Chromium, for tests of pages. */
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, onTestFinished } from 'vitest'

/** Debian's `chromium`, or what another system calls it; undefined where there is none. */
export const CHROMIUM = (process.env['PATH'] ?? '')
  .split(delimiter)
  .flatMap(folder => ['chromium', 'chromium-browser', 'google-chrome'].map(name => join(folder, name)))
  .find(file => existsSync(file))

let browser: Promise<Browser> | undefined

/** One browser for a file of tests. As root it has no sandbox of its own. */
async function sharedBrowser(): Promise<Browser> {
  browser ??= chromium.launch({
    executablePath: CHROMIUM,
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
  })
  return browser
}

afterAll(async () => {
  await (await browser)?.close()
})

/** A page, and everything that its console and its requests complained of. */
export interface WatchedPage {
  readonly page: Page
  readonly complaints: string[]
}

export async function openPage(colorScheme: 'light' | 'dark' = 'light'): Promise<WatchedPage> {
  const context = await (await sharedBrowser()).newContext({ viewport: { width: 1280, height: 900 }, colorScheme })
  onTestFinished(async () => context.close())
  const page = await context.newPage()
  page.setDefaultTimeout(60_000)
  const complaints: string[] = []
  page.on('console', message => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text())
  })
  page.on('pageerror', error => complaints.push(String(error)))
  page.on('request', request => {
    const { hostname } = new URL(request.url())
    if (hostname !== '127.0.0.1') complaints.push(`a request to ${request.url()}`)
  })
  return { page, complaints }
}
