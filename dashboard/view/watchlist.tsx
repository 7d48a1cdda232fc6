import { useComputed, useSignal, type Signal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { directionOf, withSign } from '../service/decimal.ts'
import { rows, selected, selectedKey, type Row } from '../service/market.ts'
import { now, spanText } from '../service/time.ts'
import { NotKnown } from './not-known.tsx'
import { StandingMark } from './standing-mark.tsx'

/** From so many rows on, looking for one is easier by typing. */
const FILTER_FROM = 12

/** Every symbol with its newest price. A price that comes draws its own row, and nothing else. */
export function Watchlist() {
  const filter = useSignal('')
  const shown = useComputed(() =>
    rows.value?.filter(({ key }) => key.toUpperCase().includes(filter.value.toUpperCase())),
  )
  const all = rows.value
  if (all === undefined || all.length === 0) return <EmptyWatchlist isKnown={all !== undefined} />
  return (
    <section id="prices" class="watchlist" aria-labelledby="watchlist-title" tabIndex={-1}>
      <div class="title">
        <h2 id="watchlist-title">Watchlist</h2>
        {all.length >= FILTER_FROM ? <Filter text={filter} /> : <span class="count">{all.length} symbols</span>}
      </div>
      <div class="scroll">
        <table onKeyDown={moveByArrows}>
          <thead>
            <tr>
              <th scope="col">Symbol</th>
              <th scope="col">Last</th>
              <th scope="col" class="wide">
                Change
              </th>
              <th scope="col">%</th>
              <th scope="col">Age</th>
              <th scope="col">Market</th>
            </tr>
          </thead>
          <tbody>
            {shown.value?.map((row) => (
              <WatchRow key={row.key} row={row} />
            ))}
          </tbody>
        </table>
      </div>
    </section>
  )
}

function EmptyWatchlist({ isKnown }: { isKnown: boolean }) {
  return (
    <section id="prices" class="watchlist" aria-labelledby="watchlist-title" tabIndex={-1}>
      <div class="title">
        <h2 id="watchlist-title">Watchlist</h2>
      </div>
      {isKnown ? <p class="empty">No symbols yet. The first job brings the first one.</p> : <NotKnown />}
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

function WatchRow({ row }: { row: Row }) {
  const isSelected = useComputed(() => selected.value?.key === row.key)
  const quote = row.quote.value
  const direction = directionOf(quote?.change)
  return (
    <tr data-selected={isSelected} onClick={() => (selectedKey.value = row.key)}>
      <th scope="row">
        <button type="button" aria-current={isSelected} tabIndex={isSelected.value ? 0 : -1}>
          {row.symbol} <span class="source">{row.provider}</span>
        </button>
      </th>
      <td class="last">{quote ? <Last row={row} /> : <span class="none">no price yet</span>}</td>
      <td class="wide" data-direction={direction}>
        {quote?.change && withSign(quote.change)}
      </td>
      <td data-direction={direction}>{quote?.changePercent && withSign(quote.changePercent)}</td>
      <td class="age">
        <Age row={row} />
      </td>
      <td class="state">
        <StandingMark standing={row.standing.value} />
      </td>
    </tr>
  )
}

/** The price, lit for a moment in the direction of its last step. */
function Last({ row }: { row: Row }) {
  const place = useRef<HTMLSpanElement>(null)
  const quote = row.quote.value
  const seen = useRef(quote?.priceId)
  useEffect(() => {
    if (seen.current !== quote?.priceId && quote) light(place.current, quote.step)
    seen.current = quote?.priceId
  }, [quote?.priceId])
  return (
    <span ref={place} class="price">
      {quote?.price}
    </span>
  )
}

const calm = matchMedia('(prefers-reduced-motion: reduce)')

function light(element: HTMLElement | null, step: 'up' | 'down' | 'none'): void {
  if (element === null || step === 'none' || calm.matches) return
  const colour = `var(--${step}-light)`
  element.animate([{ backgroundColor: colour }, { backgroundColor: 'transparent' }], {
    duration: 700,
    easing: 'ease-out',
  })
}

function Age({ row }: { row: Row }) {
  const quote = row.quote.value
  return <>{quote && spanText(now.value - quote.madeAt)}</>
}

/** One stop for Tab; the arrows go through the list, and the chart follows. */
function moveByArrows(event: KeyboardEvent & { currentTarget: HTMLTableElement }): void {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
  if (step === undefined) return
  event.preventDefault()
  const buttons = [...event.currentTarget.querySelectorAll<HTMLButtonElement>('tbody button')]
  const next = buttons[buttons.indexOf(document.activeElement as HTMLButtonElement) + step]
  next?.focus()
  next?.click()
}
