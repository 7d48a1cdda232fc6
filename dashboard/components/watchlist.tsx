import { useComputed, useSignal, type Signal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import type { Decimal } from '../../src/lib/decimal.ts'
import { directionOf, signedText } from '../format/decimal.ts'
import { durationText } from '../format/time.ts'
import { now } from '../state/clock.ts'
import { rows, selectedKey, type Row } from '../state/market.ts'
import { NotLoaded } from './not-loaded.tsx'
import { QuoteStatusLabel } from './quote-status.tsx'
import { Table, type Column } from './table.tsx'

/** With this many rows, typing is a faster way to one than scrolling. */
const FILTER_FROM = 12

/** Every symbol with its newest price. A new price renders its own row, and nothing else. */
export function Watchlist() {
  const filter = useSignal('')
  const shown = useComputed(() =>
    (rows.value ?? []).filter(({ key }) => key.toUpperCase().includes(filter.value.toUpperCase())),
  )
  const all = rows.value
  if (all === undefined || all.length === 0) return <EmptyWatchlist isLoaded={all !== undefined} />
  return (
    <section id="prices" class="watchlist" aria-labelledby="watchlist-title" tabIndex={-1}>
      <div class="title">
        <h2 id="watchlist-title">Watchlist</h2>
        {all.length >= FILTER_FROM ? <Filter text={filter} /> : <span class="count">{all.length} symbols</span>}
      </div>
      <div class="scroll">
        <Table columns={COLUMNS} items={shown.value} keyOf={keyOfRow} rowProps={rowProps} onKeyDown={moveByArrows} />
      </div>
    </section>
  )
}

function EmptyWatchlist({ isLoaded }: { isLoaded: boolean }) {
  return (
    <section id="prices" class="watchlist" aria-labelledby="watchlist-title" tabIndex={-1}>
      <div class="title">
        <h2 id="watchlist-title">Watchlist</h2>
      </div>
      {isLoaded ? <p class="empty">No symbols yet. Start a job to add one.</p> : <NotLoaded />}
    </section>
  )
}

function Filter({ text }: { text: Signal<string> }) {
  return (
    <input
      type="search"
      aria-label="Filter the watchlist"
      placeholder={`Filter ${rows.value?.length} symbols`}
      value={text}
      onInput={({ currentTarget }) => (text.value = currentTarget.value)}
    />
  )
}

const COLUMNS: readonly Column<Row>[] = [
  { title: 'Symbol', cell: (row) => <SelectButton row={row} /> },
  { title: 'Last', class: 'last', cell: (row) => <Last row={row} /> },
  { title: 'Change', class: 'wide', cell: (row) => <Change change={row.quote.value?.change} /> },
  { title: '%', cell: (row) => <Change change={row.quote.value?.changePercent} /> },
  { title: 'Age', class: 'age', cell: (row) => <Age row={row} /> },
  { title: 'Market', class: 'state', cell: (row) => <QuoteStatusLabel status={row.status.value} /> },
]

function keyOfRow({ key }: Row): string {
  return key
}

function rowProps({ key, isSelected }: Row) {
  return { 'data-selected': isSelected, onClick: () => (selectedKey.value = key) }
}

function SelectButton({ row: { symbol, provider, isSelected } }: { row: Row }) {
  return (
    <button type="button" aria-current={isSelected} tabIndex={isSelected.value ? 0 : -1}>
      {symbol} <span class="source">{provider}</span>
    </button>
  )
}

function Change({ change }: { change: Decimal | undefined }) {
  return change ? <span data-direction={directionOf(change)}>{signedText(change)}</span> : null
}

/** The price. It flashes in the direction of its last change. */
function Last({ row }: { row: Row }) {
  const element = useRef<HTMLSpanElement>(null)
  const quote = row.quote.value
  const shownId = useRef(quote?.priceId)
  useEffect(() => {
    if (shownId.current !== undefined && shownId.current !== quote?.priceId && quote) flash(element.current, quote.step)
    shownId.current = quote?.priceId
  }, [quote?.priceId])
  if (quote === undefined) return <span class="none">no price yet</span>
  return (
    <span ref={element} class="price">
      {quote.price}
    </span>
  )
}

const reducedMotion = matchMedia('(prefers-reduced-motion: reduce)')

function flash(element: HTMLElement | null, step: 'up' | 'down' | 'none'): void {
  if (element === null || step === 'none' || reducedMotion.matches) return
  const colour = `var(--${step}-flash)`
  element.animate([{ backgroundColor: colour }, { backgroundColor: 'transparent' }], {
    duration: 700,
    easing: 'ease-out',
  })
}

function Age({ row }: { row: Row }) {
  const quote = row.quote.value
  return <>{quote && durationText(now.value - quote.madeAt)}</>
}

/** The list is one tab stop; the arrow keys move through it, and the chart follows. */
function moveByArrows(event: KeyboardEvent & { currentTarget: HTMLTableElement }): void {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
  if (step === undefined) return
  event.preventDefault()
  const buttons = [...event.currentTarget.querySelectorAll<HTMLButtonElement>('tbody button')]
  const next = buttons[buttons.findIndex((button) => button === document.activeElement) + step]
  next?.focus()
  next?.click()
}
