import type { Sample } from '../../ops/types.js'
import { printable } from '../output/failure.js'
import { paint } from '../output/output.js'
import { formatBytes, grouped } from '../output/units.js'
import { clip } from './clip.js'
import { type Column, chosenRows, linesOf, type Order } from './columns.js'
import { History } from './history.js'
import { clockText, journalColumns, ORDER_COLUMNS, ordersIn, PROCESS_COLUMNS, rateText } from './pages.js'
import { strategyLines } from './strategy-page.js'

export const PAGES = ['journals', 'processes', 'orders', 'strategy'] as const
export type Page = (typeof PAGES)[number]

export interface Size {
  readonly columns: number
  readonly rows: number
}

/** Lines that no page uses: three above it, one below. */
const OTHER_LINES = 5

/** What `top` shows: a page of the last sample, chosen by keys. Knows nothing of terminals but their size. */
export class TopView {
  page: Page
  paused = false
  /** What the person types after '/', until Enter. */
  private typed: string | undefined = undefined
  private filter = ''
  private selected = 0
  private strategy: string | undefined = undefined
  private readonly orders: Record<Page, Order> = {
    journals: { column: 0, descending: false },
    processes: { column: -1, descending: false },
    orders: { column: -1, descending: false },
    strategy: { column: -1, descending: false },
  }
  private readonly history = new History()
  private readonly journals = journalColumns(this.history)
  private shown: Sample

  constructor(sample: Sample) {
    this.shown = sample
    this.page = sample.kind === 'home' ? 'processes' : 'journals'
    this.strategy = sample.processes.find(({ kind }) => kind === 'strategy')?.name
  }

  /** A new sample. While it is paused the last one stays. */
  take(sample: Sample): void {
    for (const { name, slotsPerSecond = 0 } of sample.journals) this.history.add(name, slotsPerSecond)
    this.history.add(DESK, sample.desk?.framesPerSecond ?? 0)
    if (!this.paused) this.shown = sample
  }

  /** A key, as `readline` names it. Returns whether to end. */
  press(name: string | undefined, text: string): boolean {
    if (this.typed !== undefined) this.type(name, text)
    else if (name === 'q') return true
    else if (name === 'space' || name === 'p') this.paused = !this.paused
    else if (name === 'tab' || name === 'right') this.turn(1)
    else if (name === 'left') this.turn(-1)
    else if (text >= '1' && text <= String(PAGES.length)) this.page = PAGES[Number(text) - 1]
    else if (name === 'down' || name === 'j') this.selected++
    else if (name === 'up' || name === 'k') this.selected = Math.max(0, this.selected - 1)
    else if (name === 's') this.sortByNext()
    else if (name === 'r')
      this.orders[this.page] = { ...this.orders[this.page], descending: !this.orders[this.page].descending }
    else if (text === '/') this.typed = this.filter
    else if (name === 'escape') this.filter = ''
    else if (name === 'return') this.choose()
    return false
  }

  /** The lines of the screen, none wider than it. */
  lines({ columns, rows }: Size): string[] {
    const room = Math.max(1, rows - OTHER_LINES)
    const lines = [...this.heading(columns), ...this.body(room)]
    const last =
      this.typed === undefined ? KEYS : `filter: ${printable(this.typed)}_   Enter keeps it, Escape removes it`
    return [...lines, ...Array<string>(Math.max(0, rows - 1 - lines.length)).fill(''), last].map(line =>
      clip(line, columns),
    )
  }

  /** All pages below each other, for `--once`. */
  everything(): string[] {
    const pages = this.shown.kind === 'home' ? PAGES : (['journals'] as const)
    const body = pages.flatMap(page => {
      this.page = page
      return ['', ...this.body(Number.MAX_SAFE_INTEGER, false)]
    })
    return [...this.heading(undefined), ...body]
  }

  private heading(columns: number | undefined): string[] {
    const { path, time, desk, space, problems } = this.shown
    const tabs = PAGES.map((page, i) =>
      page === this.page ? paint('bold', `[${i + 1} ${page}]`) : ` ${i + 1} ${page} `,
    )
    const filter = this.filter === '' ? '' : `   filter: ${printable(this.filter)}`
    const state = this.paused ? `  ${paint('yellow', 'PAUSED')}` : ''
    const free =
      space === undefined ? '' : `   free ${formatBytes(space.freeBytes)} of ${formatBytes(space.totalBytes)}`
    const bad =
      problems.length === 0 ? '' : paint('red', `   ${printable(problems[0].code)}: ${printable(problems[0].message)}`)
    return [
      `${paint('bold', 'ticktape top')}  ${clockText(time)} UTC${state}${free}   ${printable(path)}`,
      desk === undefined ? `${this.shown.journals.length} journals${bad}` : `${this.deskText(desk)}${bad}`,
      ...(columns === undefined ? [] : [`${tabs.join('')}${filter}`]),
    ]
  }

  private deskText({ trading, orders, feed, day, behind, framesPerSecond }: NonNullable<Sample['desk']>): string {
    const { state, reason } = trading
    const colour = state === 'reducing' ? 'yellow' : 'red'
    const shown = state === 'active' ? paint('green', state) : paint(colour, `${state}: ${printable(reason)}`)
    const profit = day === undefined ? '' : `   day ${day.profit} ${printable(day.currency)}`
    const unread = behind > MANY_UNREAD ? paint('yellow', `   ${grouped(behind)} slots not read yet`) : ''
    const rates = `${rateText(feed.eventsPerSecond)} events/s   ${rateText(framesPerSecond)} frames/s ${this.history.sparkline(DESK)}`
    return `${shown}   ${rates}   open ${orders.open.length}${profit}${unread}`
  }

  private body(room: number, marks = true): string[] {
    const { shown } = this
    switch (this.page) {
      case 'journals':
        return this.rows(shown.journals, this.journals, room, marks)
      case 'processes':
        return this.rows(shown.processes, PROCESS_COLUMNS, room, marks)
      case 'orders':
        return this.rows(ordersIn(shown), ORDER_COLUMNS, room, marks)
      default:
        return strategyLines(shown, this.strategy).slice(0, room + 1)
    }
  }

  private rows<T>(all: readonly T[], columns: readonly Column<T>[], room: number, marks: boolean): string[] {
    const order = this.orders[this.page]
    const chosen = chosenRows(all, columns, order, this.filter)
    this.selected = Math.min(this.selected, Math.max(0, chosen.length - 1))
    const first = marks ? Math.max(0, this.selected - room + 1) : 0
    const [heading, ...lines] = linesOf(chosen.slice(first, first + room), columns, order)
    const none = all.length === 0 ? `no ${this.page}` : 'nothing has the filter in it'
    const marked = lines.map((line, i) =>
      marks && first + i === this.selected ? `> ${line}` : `${marks ? '  ' : ''}${line}`,
    )
    return [`${marks ? '  ' : ''}${paint('bold', heading)}`, ...(lines.length === 0 ? [`  ${none}`] : marked)]
  }

  private turn(by: number): void {
    this.page = PAGES[(PAGES.indexOf(this.page) + by + PAGES.length) % PAGES.length]
    this.selected = 0
  }

  private columns(): readonly Column<never>[] {
    if (this.page === 'journals') return this.journals
    return this.page === 'processes' ? PROCESS_COLUMNS : this.page === 'orders' ? ORDER_COLUMNS : []
  }

  /** The next column that it can be sorted by: numbers begin with the largest. */
  private sortByNext(): void {
    const columns = this.columns()
    let { column } = this.orders[this.page]
    do column = (column + 1) % Math.max(1, columns.length)
    while (columns.length > 0 && columns[column].by === undefined)
    this.orders[this.page] = { column, descending: columns[column]?.align === 'r' }
  }

  /** Enter: the strategy that is chosen, on its own page. */
  private choose(): void {
    if (this.page !== 'processes') return
    const chosen = chosenRows(this.shown.processes, PROCESS_COLUMNS, this.orders.processes, this.filter)[this.selected]
    if (chosen?.kind !== 'strategy') return
    this.strategy = chosen.name
    this.page = 'strategy'
  }

  private type(name: string | undefined, text: string): void {
    const typed = this.typed ?? ''
    if (name === 'return') this.typed = undefined
    else if (name === 'escape') {
      this.filter = ''
      this.typed = undefined
      return
    } else if (name === 'backspace') this.typed = typed.slice(0, -1)
    else if (/^[\x20-\x7e]$/.test(text)) this.typed = typed + text
    this.filter = this.typed ?? typed
  }
}

const KEYS = '1-4 Tab pages   arrows Enter choose   s sort  r reverse  / filter  p pause  q quit'
const DESK = '\u0000desk'
/** Slots: what is written between two samples is not worth a word. */
const MANY_UNREAD = 65_536
