import { notFound, RequestError } from '../errors.js'
import { seekPositionAt } from '../reading/position-at.js'
import { noHome, type Served } from '../reading/served.js'
import {
  fillsAnswer,
  glanceAnswer,
  logAnswer,
  marketAnswer,
  ORDER_PARAMETERS,
  ordersAnswer,
  POSITION_PARAMETERS,
  positionsAnswer,
  profitAnswer,
  riskAnswer,
} from './desk-answers.js'
import { FRAME_PARAMETERS, framesAnswer, journalAnswer, journalsAnswer, timelineAnswer } from './journal-answers.js'
import { Query } from './query.js'

/** One address below /api/. */
interface Endpoint {
  readonly parameters: readonly string[]
  readonly text: string
  readonly answer: (served: Served, query: Query) => unknown
}

const ENDPOINTS: Readonly<Record<string, Endpoint>> = {
  journals: {
    parameters: [],
    text: 'the journals: positions, times, writer, named readers and their lag',
    answer: ({ directory }) => journalsAnswer(directory),
  },
  frames: {
    parameters: FRAME_PARAMETERS,
    text: "a page of a journal's frames, from a position or a time on",
    answer: ({ directory }, query) => framesAnswer(directory, query),
  },
  timeline: {
    parameters: ['journal'],
    text: 'which position a journal has had at which time',
    answer: ({ directory }, query) => timelineAnswer(directory, query),
  },
  market: {
    parameters: ['symbols'],
    text: 'the latest quote and trade of each instrument',
    answer: ({ market }, query) => marketAnswer(market, query),
  },
  orders: {
    parameters: ORDER_PARAMETERS,
    text: 'the open orders; final ones with all=true or state=',
    answer: ({ desk }, query) => ordersAnswer(desk, query),
  },
  fills: { parameters: ['limit'], text: 'the last fills', answer: ({ desk }, query) => fillsAnswer(desk, query) },
  positions: {
    parameters: POSITION_PARAMETERS,
    text: 'the positions and their profit, by strategy, account or desk',
    answer: ({ desk }, query) => positionsAnswer(desk, query),
  },
  profit: { parameters: [], text: 'the profit of the desk over time', answer: ({ desk }) => profitAnswer(desk) },
  risk: {
    parameters: [],
    text: 'the circuit breaker, the limits in effect, the positions',
    answer: served => riskAnswer(homeOf(served), served.desk),
  },
  glance: {
    parameters: [],
    text: 'the desk at a glance: rates, lag, processes, latency per hop, use of limits',
    answer: served => glanceAnswer(served.glance()),
  },
  log: {
    parameters: ['limit'],
    text: 'commands, starts, ends and halts',
    answer: ({ desk }, query) => logAnswer(desk, query),
  },
  state: {
    parameters: ['position', 'time'],
    text: 'the desk as it was at a position or a time: orders, positions, quotes',
    answer: (served, query) => stateAnswer(served, query),
  },
}

/** The answers to GET below /api/. */
export class Api {
  constructor(private readonly served: Served) {}

  /** @param path what follows /api/, decoded. @throws {RequestError}, and errors of journals. */
  async answer(path: string, params: URLSearchParams): Promise<unknown> {
    if (path === '') {
      void new Query(params, [])
      return this.index()
    }
    const endpoint = Object.hasOwn(ENDPOINTS, path) ? ENDPOINTS[path] : undefined
    if (endpoint !== undefined) return endpoint.answer(this.served, new Query(params, endpoint.parameters))
    const [first, rest] = splitFirst(path)
    if (first === 'journals' && rest !== '') {
      void new Query(params, [])
      return journalAnswer(this.served.directory, rest)
    }
    if (first === 'why' && rest !== '') {
      void new Query(params, [])
      const { why, directory } = this.served
      if (why === undefined) throw noHome(directory.path)
      return { hops: await why.of(rest) }
    }
    throw notFound(`there is nothing at /api/${path.slice(0, 100)}; GET /api/ lists what there is`)
  }

  private index(): unknown {
    const { directory } = this.served
    return {
      kind: directory.kind,
      journal: directory.mainName,
      endpoints: {
        ...Object.fromEntries(
          Object.entries(ENDPOINTS).map(([name, { text, parameters }]) => [`/api/${name}`, { text, parameters }]),
        ),
        '/api/journals/NAME': { text: 'one journal with its pages', parameters: [] },
        '/api/why/ORDER': { text: 'the causes of an order, hop by hop', parameters: [] },
      },
      socket: '/ws',
    }
  }
}

function homeOf(served: Served): NonNullable<Served['directory']['home']> {
  const { home, path } = served.directory
  if (home === undefined) throw noHome(path)
  return home
}

async function stateAnswer(served: Served, query: Query): Promise<unknown> {
  const home = homeOf(served)
  const start = query.start()
  if (start === undefined || typeof start === 'string')
    throw new RequestError(400, 'ERR_BAD_REQUEST', 'say when: position= or time=')
  const position = 'position' in start ? start.position : seekPositionAt(home.sequence, start)
  return { position, ...(await served.moments?.at(position)) }
}

function splitFirst(path: string): readonly [first: string, rest: string] {
  const slash = path.indexOf('/')
  return slash < 0 ? [path, ''] : [path.slice(0, slash), path.slice(slash + 1)]
}
