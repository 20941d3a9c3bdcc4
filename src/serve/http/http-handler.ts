import type { IncomingMessage, ServerResponse } from 'node:http'
import { answerOf, notFound, RequestError } from '../errors.js'
import type { CheckedOptions } from '../options.js'
import { noHome, type Served } from '../reading/served.js'
import type { Access } from './access.js'
import { AnswerCache } from './answer-cache.js'
import { Api } from './api.js'
import { bodyOf, COMMANDS, Commands } from './commands.js'
import { SECURITY_HEADERS, sendError, sendJson, toJson } from './reply.js'
import { type StaticFile, staticFiles } from './static-files.js'

/** Characters of a URL at most. */
const MOST_URL = 2048
const API = '/api/'
const COMMAND_PATH = '/api/commands/'

/** Answers requests by HTTP: the dashboard at /, everything else below /api/. */
export class HttpHandler {
  private readonly files: ReadonlyMap<string, StaticFile> = staticFiles()
  private readonly cache = new AnswerCache()
  private readonly api: Api
  private readonly commands: Commands | undefined

  constructor(
    private readonly served: Served,
    private readonly access: Access,
    private readonly options: CheckedOptions,
  ) {
    this.api = new Api(served)
    const { home } = served.directory
    this.commands = home === undefined ? undefined : new Commands(home)
  }

  handle(request: IncomingMessage, response: ServerResponse): void {
    this.answer(request, response).catch((error: unknown) => {
      if (answerOf(error).status === 500) this.options.onProblem(error)
      sendError(response, error)
    })
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { url = '', method = '' } = request
    if (url.length > MOST_URL) throw new RequestError(414, 'ERR_TOO_LARGE', `a URL has ${MOST_URL} characters at most`)
    this.access.checkOrigin(request)
    if (method === 'POST') return this.command(request, response)
    if (method !== 'GET' && method !== 'HEAD') {
      response.setHeader('allow', 'GET, HEAD, POST')
      throw new RequestError(
        405,
        'ERR_METHOD',
        `there is no ${method.slice(0, 20)} here: use GET, or POST for commands`,
      )
    }
    if (!url.startsWith(API)) return this.file(url, response)
    this.access.checkReader(request)
    sendJson(response, 200, await this.cache.get(url, () => this.make(url)))
  }

  private async make(url: string): Promise<Buffer> {
    const mark = url.indexOf('?')
    const path = decoded(mark < 0 ? url.slice(API.length) : url.slice(API.length, mark))
    const params = new URLSearchParams(mark < 0 ? '' : url.slice(mark + 1))
    return Buffer.from(toJson(await this.api.answer(path, params)))
  }

  private async command(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { url = '' } = request
    const command = COMMANDS.find(name => url === `${COMMAND_PATH}${name}`)
    if (command === undefined)
      throw notFound(`there is no such command; there are: ${COMMANDS.map(name => COMMAND_PATH + name).join(', ')}`)
    this.access.checkCommander(request)
    if (this.commands === undefined) throw noHome(this.served.directory.path)
    const body = await bodyOf(request, this.options.limits.messageBytes)
    sendJson(response, 200, Buffer.from(toJson(await this.commands.give(command, body))))
  }

  /** The dashboard holds no secret: it asks for the token. */
  private file(url: string, response: ServerResponse): void {
    const path = url.split('?', 1)[0]
    const file = this.files.get(path)
    if (file === undefined) throw notFound(`there is nothing at ${path.slice(0, 100)}; the dashboard is at /`)
    response
      .writeHead(200, {
        ...SECURITY_HEADERS,
        'content-type': file.type,
        'content-length': file.body.length,
        'cache-control': 'no-cache',
      })
      .end(file.body)
  }
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    throw notFound('the path is not valid: a % is followed by two hexadecimal digits')
  }
}
