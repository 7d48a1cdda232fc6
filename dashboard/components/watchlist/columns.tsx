import type { ComponentChildren } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import type { Decimal } from '../../../src/lib/decimal.ts'
import { directionOf, signedText } from '../../format/decimal.ts'
import { durationText } from '../../format/time.ts'
import { now } from '../../state/clock.ts'
import { jobs } from '../../state/jobs.ts'
import { keyOf, type Row } from '../../state/market/rows.ts'
import { sortBy, sorting, type Order } from '../../state/watchlists/shown.ts'
import { Grouped } from '../grouped.tsx'
import { QuoteStatusLabel } from '../quote-status.tsx'
import { StatusLabel } from '../status-icon.tsx'
import type { Column } from '../table.tsx'
import { RowActions } from './row-actions.tsx'

/** The columns of the watchlist; a column with two lines has two orders. */
export const COLUMNS: readonly Column<Row>[] = [
  { title: <SortButton by="symbol">Symbol</SortButton>, ...sortedBy('symbol'), cell: (row) => <Name row={row} /> },
  {
    title: <SortButton by="price">Last</SortButton>,
    class: 'last',
    ...sortedBy('price'),
    cell: (row) => <Last row={row} />,
  },
  {
    title: (
      <>
        <SortButton by="percent">%</SortButton>
        <SortButton by="change">Change</SortButton>
      </>
    ),
    class: 'change',
    ...sortedBy('percent', 'change'),
    cell: (row) => <Changes row={row} />,
  },
  {
    title: (
      <>
        <SortButton by="market">Market</SortButton>
        <SortButton by="age">Age</SortButton>
      </>
    ),
    class: 'state',
    ...sortedBy('market', 'age'),
    cell: (row) => <Market row={row} />,
  },
  { title: <span class="hidden">List</span>, class: 'row-actions', cell: (row) => <RowActions row={row} /> },
]

function sortedBy(...orders: readonly Order[]): Required<Pick<Column<Row>, 'sorted'>> {
  return {
    sorted: () => {
      const { by, isDescending } = sorting.value ?? {}
      if (by === undefined || !orders.includes(by)) return undefined
      return isDescending ? 'descending' : 'ascending'
    },
  }
}

function SortButton({ by, children }: { by: Order; children: ComponentChildren }) {
  const order = sorting.value?.by === by ? sorting.value : undefined
  return (
    <button type="button" class="sort" data-sorted={order !== undefined} onClick={() => sortBy(by)}>
      {children}
      <span aria-hidden="true">{order && (order.isDescending ? '▾' : '▴')}</span>
    </button>
  )
}

function Name({ row: { symbol, provider, isSelected, details } }: { row: Row }) {
  const { name, exchange } = details.value
  const about = [name, exchange].filter(Boolean).join(' · ')
  return (
    <>
      <button type="button" aria-current={isSelected} tabIndex={isSelected.value ? 0 : -1}>
        <span class="symbol">{symbol}</span> <span class="source">{provider}</span>
      </button>
      {about && <span class="about">{about}</span>}
    </>
  )
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
    <>
      <span ref={element} class="price">
        <Grouped decimal={quote.price} />
      </span>
      <span class="currency">{quote.currency}</span>
    </>
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

function Changes({ row }: { row: Row }) {
  const quote = row.quote.value
  return (
    <>
      <Change change={quote?.changePercent} unit=" %" />
      <Change change={quote?.change} />
    </>
  )
}

function Change({ change, unit }: { change: Decimal | undefined; unit?: string }) {
  if (!change) return null
  return (
    <span data-direction={directionOf(change)}>
      <Grouped decimal={signedText(change)} />
      {unit}
    </span>
  )
}

function Market({ row }: { row: Row }) {
  const status = row.status.value
  const isOld = status?.freshness === 'unknown' || status?.freshness === 'stale'
  const isPaused = isOld && jobs.value?.find((job) => keyOf(job) === row.key)?.status === 'paused'
  return (
    <>
      {isPaused ? <StatusLabel status={['bars', 'neutral', 'paused']} /> : <QuoteStatusLabel status={status} />}
      <Age row={row} />
    </>
  )
}

function Age({ row }: { row: Row }) {
  const quote = row.quote.value
  return <span class="age">{quote && durationText(now.value - quote.madeAt)}</span>
}
