import { signal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { countText } from '../../format/count.ts'
import { reportVisible } from '../../state/market/follow-prices.ts'
import { rows, selectedKey, type Row } from '../../state/market/rows.ts'
import { findStored, hasMoreSymbols } from '../../state/symbols/stored.ts'
import { addableRows, filterText, listedRows, shownRows } from '../../state/watchlists/shown.ts'
import { addTo, shownList } from '../../state/watchlists/watchlists.ts'
import { NotLoaded } from '../not-loaded.tsx'
import { Table } from '../table.tsx'
import { COLUMNS } from './columns.tsx'
import { ListBar } from './list-bar.tsx'
import { dropKey } from './move.ts'
import { listMessage } from './row-actions.tsx'

/** With this many rows, typing is a faster way to one than scrolling. */
const FILTER_FROM = 12
/** From here on only the visible rows are drawn, and the list itself can be reached and scrolled with the keyboard. */
const LONG_FROM = 150
const MAX_ADDABLE = 8

/** All symbols, or a list of the person's own, with their newest prices. A new price renders its own row only. */
export function Watchlist() {
  const listed = listedRows.value
  return (
    <section id="prices" class="watchlist" aria-labelledby="watchlist-title" tabIndex={-1}>
      <div class="title">
        <h2 id="watchlist-title">Watchlist</h2>
        {listed && (listed.length >= FILTER_FROM || shownList.value) ? <Filter /> : <Count />}
      </div>
      {rows.value && rows.value.length > 0 && <ListBar />}
      {listed === undefined ? <NotLoaded /> : <Rows isEmpty={listed.length === 0} />}
      <p class="hidden" role="status">
        {listMessage}
      </p>
    </section>
  )
}

function Count() {
  const count = listedRows.value?.length ?? 0
  return count === 0 ? null : <span class="count">{countText(count, 'symbol')}</span>
}

const FIND_AFTER_MS = 300

function Filter() {
  const text = filterText.value
  useEffect(() => {
    const stop = new AbortController()
    const timer = setTimeout(() => void findStored(text.trim(), stop.signal), FIND_AFTER_MS)
    return () => {
      clearTimeout(timer)
      stop.abort()
    }
  }, [text])
  return (
    <input
      type="search"
      aria-label="Filter the watchlist"
      placeholder={
        shownList.value ? 'Filter, or find to add' : `Filter ${countText(listedRows.value?.length ?? 0, 'symbol')}`
      }
      value={text}
      onInput={({ currentTarget }) => (filterText.value = currentTarget.value)}
    />
  )
}

const focusOn = signal<string | undefined>(undefined)

function Rows({ isEmpty }: { isEmpty: boolean }) {
  const shown = shownRows.value
  const isLong = shown.length > LONG_FROM
  return (
    <>
      {shown.length > 0 && (
        <div
          class="scroll"
          role={isLong ? 'group' : undefined}
          aria-label={isLong ? 'Prices: arrow keys move through them' : undefined}
          tabIndex={isLong ? 0 : undefined}
          onKeyDown={moveByKeys}
        >
          <Table
            columns={COLUMNS}
            items={shown}
            keyOf={keyOfRow}
            rowProps={rowProps}
            focusOn={focusOn}
            onDrawn={reportVisible}
          />
        </div>
      )}
      {isEmpty && <p class="empty">{emptyText()}</p>}
      <FilterResult />
      <Addable />
    </>
  )
}

function emptyText(): string {
  if (shownList.value === undefined) return 'No symbols yet. Start a job to add one.'
  return 'This list is empty. Type a symbol above to add it.'
}

/** What the filter leaves, and what it could not see. */
function FilterResult() {
  const total = listedRows.value?.length ?? 0
  const isFiltered = filterText.value.trim() !== ''
  const isPartial = shownList.value === undefined && hasMoreSymbols.value
  if (!isFiltered && !isPartial) return null
  const shown = isFiltered ? `${countText(shownRows.value.length)} of ${countText(total, 'symbol')}. ` : ''
  const rest = isPartial ? `The service has more than these ${countText(total)}; the filter finds the others.` : ''
  return (
    <p class="result" role="status">
      {shown}
      {rest}
    </p>
  )
}

/** Found, but not in the person's list yet. */
function Addable() {
  const found = addableRows.value
  const list = shownList.value
  if (list === undefined || found.length === 0) return null
  return (
    <div class="addable" role="group" aria-label={`Add to ${list.name}`}>
      {found.slice(0, MAX_ADDABLE).map(({ key, symbol, provider }) => (
        <button key={key} type="button" onClick={() => addTo(list.id, key)}>
          Add {symbol}&nbsp;<span class="source">{provider}</span>
        </button>
      ))}
      {found.length > MAX_ADDABLE && <span class="count">and {countText(found.length - MAX_ADDABLE)} more</span>}
    </div>
  )
}

function keyOfRow({ key }: Row): string {
  return key
}

function rowProps({ key, isSelected }: Row) {
  return {
    'data-selected': isSelected,
    'data-drop': dropKey.value === key,
    onClick: () => (selectedKey.value = key),
  }
}

const PAGE_ROWS = 10
const STEPS: Readonly<Record<string, number>> = {
  ArrowDown: 1,
  ArrowUp: -1,
  PageDown: PAGE_ROWS,
  PageUp: -PAGE_ROWS,
  Home: -Infinity,
  End: Infinity,
}

/** The list is one tab stop; the keys move through it, and the chart follows. */
function moveByKeys(event: KeyboardEvent): void {
  const step = STEPS[event.key]
  const shown = shownRows.peek()
  if (step === undefined || !(event.target instanceof Element)) return
  event.preventDefault()
  const from = event.target.closest<HTMLElement>('[data-key]')?.dataset['key'] ?? selectedKey.peek()
  const at = shown.findIndex(({ key }) => key === from)
  const next = shown[Math.min(shown.length - 1, Math.max(0, at + step))]
  if (next === undefined) return
  selectedKey.value = next.key
  focusOn.value = next.key
}
