import { render } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import 'uplot/dist/uPlot.min.css'
import './style.css'
import { setToken, useGet } from './api.js'
import { FramesPage } from './pages/frames.js'
import { GlancePage } from './pages/glance.js'
import { HistoryPage } from './pages/history.js'
import { LogPage } from './pages/log.js'
import { MarketPage } from './pages/market.js'
import { OrderPage } from './pages/order.js'
import { OrdersPage } from './pages/orders.js'
import { Problem } from './parts.js'
import { live, useLive } from './socket.js'
import { applyTheme, nextTheme } from './theme.js'
import type { Index } from './types.js'

interface Page {
  readonly path: string
  readonly name: string
  /** Whether it needs the sequence of a desk. */
  readonly needsDesk: boolean
}

/** In the order of their keys: 1, 2, ... */
const PAGES: readonly Page[] = [
  { path: 'desk', name: 'Desk', needsDesk: false },
  { path: 'market', name: 'Market', needsDesk: false },
  { path: 'orders', name: 'Orders', needsDesk: true },
  { path: 'history', name: 'History', needsDesk: true },
  { path: 'log', name: 'Log', needsDesk: true },
  { path: 'frames', name: 'Frames', needsDesk: false },
]

function App() {
  const [path, rest] = useRoute()
  const { value: index, error } = useGet<Index>('', 5000)
  const { isOpen } = useLive()
  const pages = PAGES.filter(({ needsDesk }) => !needsDesk || index?.kind === 'home')
  useKeys(pages)
  if (error?.status === 401) return <TokenForm />
  return (
    <>
      <header>
        <h1>ticktape</h1>
        <nav>
          {pages.map(({ path: to, name }, number) => (
            <a key={to} href={`#/${to}`} class={to === path ? 'chosen' : ''} title={`key ${number + 1}`}>
              {name}
            </a>
          ))}
        </nav>
        <span class={isOpen ? 'live up' : 'live down'}>{isOpen ? 'live' : 'not connected'}</span>
        <button type="button" onClick={nextTheme} title="dark or light (t)">
          ◐
        </button>
      </header>
      <main>
        <Problem error={error} />
        {index !== undefined && <Shown path={path} rest={rest} index={index} />}
      </main>
      <footer>1–{pages.length} pages · / filter · t dark or light · times are UTC</footer>
    </>
  )
}

function Shown({ path, rest, index }: { readonly path: string; readonly rest: string; readonly index: Index }) {
  switch (path) {
    case 'market':
      return <MarketPage symbol={rest} />
    case 'orders':
      return <OrdersPage />
    case 'order':
      return <OrderPage id={rest} />
    case 'history':
      return <HistoryPage key={rest} start={rest} />
    case 'log':
      return <LogPage />
    case 'frames':
      return <FramesPage key={rest} journal={rest === '' ? index.journal : rest} />
    default:
      return <GlancePage hasDesk={index.kind === 'home'} />
  }
}

function TokenForm() {
  return (
    <main class="token">
      <form
        onSubmit={event => {
          event.preventDefault()
          const given = new FormData(event.currentTarget).get('token')
          if (typeof given === 'string') setToken(given)
          location.reload()
        }}
      >
        <label>
          The token of this server
          <input name="token" type="password" autocomplete="off" required />
        </label>
        <button type="submit">open</button>
      </form>
    </main>
  )
}

/** The page in the address: '#/order/123' is 'order' and '123'. */
function useRoute(): readonly [path: string, rest: string] {
  const [hash, setHash] = useState(location.hash)
  useEffect(() => {
    const changed = (): void => setHash(location.hash)
    addEventListener('hashchange', changed)
    return () => removeEventListener('hashchange', changed)
  }, [])
  const [, path = 'desk', rest = ''] = /^#\/([a-z]+)(?:\/(.*))?$/.exec(hash) ?? []
  return [path, decoded(rest)]
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

function useKeys(pages: readonly Page[]): void {
  useEffect(() => {
    const pressed = (event: KeyboardEvent): void => {
      const isTyping = event.target instanceof HTMLInputElement && event.target.type !== 'range'
      if (event.target instanceof HTMLInputElement && event.key === 'Escape') event.target.blur()
      if (isTyping || event.ctrlKey || event.metaKey || event.altKey) return
      const page = pages[Number(event.key) - 1]
      if (page !== undefined) location.hash = `#/${page.path}`
      else if (event.key === 't') nextTheme()
      else if (event.key === '/') {
        event.preventDefault()
        document.querySelector<HTMLInputElement>('.filter')?.focus()
      }
    }
    addEventListener('keydown', pressed)
    return () => removeEventListener('keydown', pressed)
  }, [pages.length])
}

applyTheme()
live.start()
render(<App />, document.querySelector('#app') as Element)
