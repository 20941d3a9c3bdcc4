import { useEffect, useRef } from 'preact/hooks'
import uPlot from 'uplot'

interface ChartProps {
  /** Seconds since 1970, ascending. */
  readonly times: readonly number[]
  readonly lines: readonly { readonly name: string; readonly values: readonly (number | null)[] }[]
  readonly height?: number
  /** Called with the index of a point that was clicked. */
  readonly onPick?: (index: number) => void
}

const COLOURS = ['--line-1', '--line-2', '--line-3', '--line-4']

/** Lines over time. */
export function Chart({ times, lines, height = 200, onPick }: ChartProps) {
  const place = useRef<HTMLDivElement>(null)
  const plot = useRef<uPlot | undefined>(undefined)
  const pick = useRef(onPick)
  pick.current = onPick
  const names = lines.map(({ name }) => name).join()
  const data = [times, ...lines.map(({ values }) => values)] as unknown as uPlot.AlignedData

  useEffect(() => {
    const element = place.current
    if (element === null) return undefined
    const colour = (name: string): string => getComputedStyle(element).getPropertyValue(name).trim()
    const axis: uPlot.Axis = { stroke: () => colour('--muted'), grid: { stroke: () => colour('--rule'), width: 1 } }
    const made = new uPlot(
      {
        width: element.clientWidth || 600,
        height,
        // Times are UTC, as everywhere.
        tzDate: seconds => uPlot.tzDate(new Date(seconds * 1000), 'Etc/UTC'),
        scales: { x: { time: true } },
        axes: [
          { ...axis, values: (_, seconds) => seconds.map(clockOf) },
          { ...axis, size: 64 },
        ],
        legend: { show: names !== '' },
        series: [
          { label: 'time (UTC)', value: (_, seconds) => (seconds === null ? '' : clockOf(seconds)) },
          ...names.split(',').map((label, index) => ({
            label,
            stroke: () => colour(COLOURS[index % COLOURS.length]),
            width: 1.5,
            spanGaps: true,
            points: { show: false },
          })),
        ],
      },
      data,
      element,
    )
    plot.current = made
    made.over.addEventListener('click', () => {
      if (made.cursor.idx !== null && made.cursor.idx !== undefined) pick.current?.(made.cursor.idx)
    })
    const resize = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height }))
    resize.observe(element)
    const scheme = matchMedia('(prefers-color-scheme: dark)')
    const redraw = (): void => made.redraw()
    scheme.addEventListener('change', redraw)
    addEventListener('themechange', redraw)
    return () => {
      resize.disconnect()
      scheme.removeEventListener('change', redraw)
      removeEventListener('themechange', redraw)
      made.destroy()
      plot.current = undefined
    }
  }, [names, height])

  useEffect(() => plot.current?.setData(data), [times, lines])
  return <div class="chart" ref={place} />
}

/** '09:30:00', UTC. */
function clockOf(seconds: number): string {
  return new Date(seconds * 1000).toISOString().slice(11, 19)
}
