import { useSignal, type ReadonlySignal } from '@preact/signals'
import type { RefObject } from 'preact'
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks'

/** Up to this many rows are all drawn: the browser's own search finds them. */
const ALL_UP_TO = 150
/** Rows drawn beyond each edge of the visible part, so that scrolling does not show a gap. */
const BEYOND = 8
/** Before anything was measured. */
const FIRST_GUESS_PX = 40
const FIRST_HEIGHT_PX = 800

type Needs = {
  readonly keys: readonly string[]
  readonly body: RefObject<HTMLTableSectionElement | null>
  /** The row to scroll to, if it is set. */
  readonly target: ReadonlySignal<string | undefined>
}

/** The rows that are drawn, and the height of those above and below them, in pixels. */
export type RowWindow = {
  readonly first: number
  readonly end: number
  readonly above: number
  readonly below: number
}

/**
 * Which rows of a long table are drawn: those in the visible part of the element that scrolls it. Rows may differ in
 * height; one that was never drawn counts as high as the average.
 */
export function useRowWindow({ keys, body, target }: Needs): RowWindow {
  const heights = useRef(new Map<string, number>())
  const average = useRef(FIRST_GUESS_PX)
  const scrolled = useSignal(0)
  const isLong = keys.length > ALL_UP_TO
  useScrolling(body, isLong, () => void scrolled.value++)
  useLayoutEffect(() => {
    if (isLong) measure(body.current, heights.current)
  })

  if (!isLong) return { first: 0, end: keys.length, above: 0, below: 0 }
  const { scrollTop, clientHeight } = placeOf(body.current, scrolled.value)
  // Elsewhere than at the top a better average would move the rows under the reader.
  if (scrollTop === 0) average.current = averageOf(heights.current)
  const tops = topsOf(keys, heights.current, average.current)
  const visible = windowAt(tops, scrollTop, clientHeight)
  const wanted = target.value === undefined ? -1 : keys.indexOf(target.value)
  const isVisible = wanted < 0 || (wanted >= visible.first && wanted < visible.end)
  return isVisible ? visible : windowAt(tops, tops[wanted] ?? 0, clientHeight)
}

type Place = { readonly scrollTop: number; readonly clientHeight: number }

/** The element itself knows best: a row that gets the focus scrolls it before it reports so. */
function placeOf(body: HTMLElement | null, _scrolled: number): Place {
  return scrollerOf(body) ?? { scrollTop: 0, clientHeight: FIRST_HEIGHT_PX }
}

/** Calls back when the element that scrolls the rows is scrolled, and when it or a row changes its size. */
function useScrolling(body: Needs['body'], isLong: boolean, onChange: () => void): void {
  useEffect(() => {
    const scroller = scrollerOf(body.current)
    if (!isLong || !scroller) return undefined
    const watch = new ResizeObserver(onChange)
    watch.observe(scroller)
    if (body.current) watch.observe(body.current)
    scroller.addEventListener('scroll', onChange, { passive: true })
    return () => {
      watch.disconnect()
      scroller.removeEventListener('scroll', onChange)
    }
  }, [isLong])
}

function scrollerOf(body: HTMLElement | null): HTMLElement | undefined {
  return body?.closest<HTMLElement>('.scroll') ?? undefined
}

function windowAt(tops: Float64Array, top: number, height: number): RowWindow {
  const count = tops.length - 1
  const first = Math.max(0, rowAt(tops, top) - BEYOND)
  const end = Math.min(count, rowAt(tops, top + height) + 1 + BEYOND)
  return { first, end, above: tops[first] ?? 0, below: (tops[count] ?? 0) - (tops[end] ?? 0) }
}

/** A row's note counts as part of the row. */
function measure(body: HTMLElement | null, heights: Map<string, number>): void {
  let key: string | undefined
  for (const row of body?.children ?? []) {
    if (!(row instanceof HTMLElement)) continue
    const own = row.dataset['key']
    const { height } = row.getBoundingClientRect()
    if (own !== undefined) heights.set(own, height)
    else if (key !== undefined && !row.classList.contains('gap')) heights.set(key, (heights.get(key) ?? 0) + height)
    key = own ?? key
  }
}

function averageOf(heights: ReadonlyMap<string, number>): number {
  let sum = 0
  for (const height of heights.values()) sum += height
  return heights.size === 0 ? FIRST_GUESS_PX : sum / heights.size
}

/** Where each row begins, and where the last one ends. */
function topsOf(keys: readonly string[], heights: ReadonlyMap<string, number>, average: number): Float64Array {
  const tops = new Float64Array(keys.length + 1)
  keys.forEach((key, at) => (tops[at + 1] = (tops[at] ?? 0) + (heights.get(key) ?? average)))
  return tops
}

/** The last row that begins at or above `y`. */
function rowAt(tops: Float64Array, y: number): number {
  let [low, high] = [0, Math.max(0, tops.length - 2)]
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if ((tops[middle] ?? 0) <= y) low = middle
    else high = middle - 1
  }
  return low
}
