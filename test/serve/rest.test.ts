// REST over a journal by itself: paging, errors, and what a client may not reach.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Reader, Writer } from 'ticktape'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { makeFolder } from '../support/folders.ts'
import { fill, Note, PAGE_SIZE, Quote } from '../support/journals.ts'
import { ask, startServer, tell } from '../support/serve.ts'

let folder: string
let journal: string
let writer: Writer

beforeEach(() => {
  folder = makeFolder('memory')
  journal = join(folder, 'quotes')
  mkdirSync(journal)
  writer = Writer.open(journal, { pageSize: PAGE_SIZE, durability: 'process', frames: [Quote, Note] })
  fill(writer, 1000)
})

afterEach(() => {
  writer.close()
})

it('says what there is, and that a journal has no orders', async () => {
  const server = await startServer(journal)
  const index = await ask(server, '/api/')
  expect(index.json).toMatchObject({ kind: 'journal', journal: 'quotes', socket: '/ws' })
  for (const path of Object.keys(index.json.endpoints as object))
    expect([path, (await ask(server, path.replace(/NAME$/, 'quotes').replace(/ORDER$/, '1'))).status]).toEqual([
      path,
      expect.toBeOneOf([200, 400, 404]),
    ])
  const orders = await ask(server, '/api/orders')
  expect([orders.status, orders.json.error.code]).toEqual([404, 'ERR_NO_HOME'])
})

it('pages of frames go through the journal without a gap, from the start, a position or a time', async () => {
  const server = await startServer(journal)
  const written: number[] = []
  let time = ''
  using reader = Reader.open(journal)
  for (const frame of reader) {
    written.push(frame.position)
    if (written.length === 500) time = String(frame.time)
  }
  const seen: number[] = []
  let from = 'start'
  for (let pages = 0; pages < 20; pages++) {
    const { json } = await ask(server, `/api/frames?from=${from}&limit=150`)
    seen.push(...json.frames.map((frame: { position: number }) => frame.position))
    from = String(json.next)
    if (json.atEnd === true) break
  }
  expect(seen).toEqual(written)
  const later = await ask(server, `/api/frames?time=${time}&limit=1`)
  expect(later.json.frames[0].time).toBe(time)
  const last = await ask(server, '/api/frames?limit=3')
  expect(last.json.frames.map((frame: { position: number }) => frame.position)).toEqual(written.slice(-3))
  const notes = await ask(server, '/api/frames?from=start&type=Note&limit=1000')
  expect(notes.json.frames).toHaveLength(100)
  // Numbers of 64 bits are text.
  expect(notes.json.frames[1]).toMatchObject({ type: 'Note', id: expect.stringMatching(/^\d+$/) as string })
})

it('journals with their pages, by their names only', async () => {
  const server = await startServer(folder)
  const { json } = await ask(server, '/api/journals')
  expect(json.journals).toMatchObject([{ name: 'quotes', firstPosition: 0, readers: [] }])
  expect(JSON.stringify(json)).not.toContain(folder)
  const one = await ask(server, '/api/journals/quotes')
  expect(one.json.pages.length).toBeGreaterThan(0)
  const timeline = await ask(server, '/api/timeline')
  expect(timeline.json.points[0]).toMatchObject({ position: 0 })
})

it('what is wrong is said, with what there is', async () => {
  const server = await startServer(journal)
  const cases: readonly (readonly [path: string, status: number, message: string | RegExp])[] = [
    ['/api/frames?form=start', 400, "did you mean 'from'?"],
    ['/api/frames?limit=0', 400, 'limit is a whole number from 1 to 10000'],
    ['/api/frames?position=99999999', 404, 'has no position'],
    ['/api/frames?position=1&time=5', 400, 'not both'],
    ['/api/frames?time=yesterday', 400, 'ns since 1970'],
    ['/api/frames?journal=nowhere', 404, 'there are: quotes'],
    ['/api/nothing', 404, 'GET /api/ lists'],
    ['/api/%', 404, 'hexadecimal'],
    ['/nothing', 404, 'the dashboard is at /'],
    [`/api/${'x'.repeat(5000)}`, 414, 'characters at most'],
  ]
  for (const [path, status, message] of cases) {
    const answer = await ask(server, path)
    expect([path, answer.status]).toEqual([path, status])
    expect(answer.json.error.message).toMatch(message)
  }
  const post = await ask(server, '/api/frames', { method: 'POST' })
  expect(post.status).toBe(404)
  const put = await ask(server, '/api/frames', { method: 'PUT' })
  expect([put.status, put.headers['allow']]).toEqual([405, 'GET, HEAD, POST'])
})

it('no path leads out of what is served', async () => {
  writeFileSync(join(folder, 'secret'), 'a secret')
  const server = await startServer(journal)
  const up = ['..', '%2e%2e', '%2E%2E%2F..', '..%2f..', '....//', '..\\', '%c0%ae%c0%ae']
  for (const one of up)
    for (const path of [
      `/${one}/secret`,
      `/api/journals/${one}/secret`,
      `/api/frames?journal=${one}/secret`,
      `/api/journals/${one}/${one}/${one}/${one}/etc/passwd`,
      `/${one}/${one}/${one}/${one}/${one}/package.json`,
    ]) {
      const answer = await tell(server, `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n`)
      expect([path, answer.split('\r\n', 1)[0]]).toEqual([path, 'HTTP/1.1 404 Not Found'])
      expect(answer).not.toMatch(/a secret|root:|"license"/)
    }
})

it('headers keep pages of other sites out, and nothing is guessed', async () => {
  const server = await startServer(journal)
  for (const path of ['/', '/api/journals']) {
    const { headers } = await ask(server, path)
    expect(headers['content-security-policy']).toMatch(/^default-src 'none'; script-src 'self'/)
    expect(headers['x-content-type-options']).toBe('nosniff')
    expect(headers['access-control-allow-origin']).toBeUndefined()
  }
})

it('the latest frame of each symbol, also of a definition of one’s own', async () => {
  const server = await startServer(journal)
  const { json } = await ask(server, '/api/market')
  expect(json.values.length).toBeGreaterThan(0)
  expect(json.values[0]).toMatchObject({ type: 'Quote', symbol: expect.any(String) as string })
})
