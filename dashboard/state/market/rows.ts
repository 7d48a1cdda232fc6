import { batch, computed, signal, type ReadonlySignal, type Signal } from '@preact/signals'
import type { PriceEvent } from '../../api/stream.ts'
import type { Price, Symbol as SymbolEntry } from '../../api/schemas.ts'
import { syncClock } from '../clock.ts'
import { quoteAfter, quoteStatusOf, type Quote, type QuoteStatus } from './quote.ts'

/** What is known of a symbol besides its price; each member may be missing. */
export type SymbolDetails = {
  readonly name?: string | null | undefined
  readonly exchange?: string | null | undefined
  readonly currency?: string | null | undefined
}

/** A symbol of a provider. Each part is a signal, so that a new price renders one row and not the list. */
export type Row = {
  readonly key: string
  readonly symbol: string
  readonly provider: string
  readonly quote: Signal<Quote | undefined>
  readonly status: Signal<QuoteStatus | undefined>
  readonly details: Signal<SymbolDetails>
  readonly isSelected: ReadonlySignal<boolean>
}

/** The name of a row. */
export type SeriesName = { readonly symbol: string; readonly provider: string }

/** Undefined until the service has listed them. */
export const rows = signal<readonly Row[] | undefined>(undefined)
/** The row that was chosen: by a person, by a link, or when the page was opened. */
export const selectedKey = signal<string | undefined>(undefined)
/** The row that is shown while none can be chosen, because none has a price. */
export const openingKey = signal<string | undefined>(undefined)
/** What a link names, until its row is found. */
export const sought = signal<Sought | undefined>(undefined)
export type Sought = {
  readonly symbol: string
  readonly provider: string | undefined
  /** Whether the service has no price of it. */
  readonly isMissing: boolean
  /** Other providers that have prices of the symbol. */
  readonly others?: readonly string[]
}

/** The row that is shown; while a link's row is sought, none: never another than the chosen one. */
export const selected = computed(() => {
  const key = selectedKey.value ?? openingKey.value
  return sought.value || key === undefined ? undefined : rowsByKey.get(key)
})

const rowsByKey = new Map<string, Row>()

/** The key of a series: symbols and providers contain no space. */
export function keyOf({ symbol, provider }: SeriesName): string {
  return `${symbol} ${provider}`
}

/** Whether a price of it is known. */
export function hasPrice(row: Row): boolean {
  return row.quote.value !== undefined
}

/** Whether there is a row of the series. */
export function hasRow(series: SeriesName): boolean {
  return rowsByKey.has(keyOf(series))
}

/** The row of a series, listed or not. */
export function rowOf(key: string): Row | undefined {
  const [symbol, provider] = key.split(' ')
  return rowsByKey.get(key) ?? (symbol && provider ? createRow({ symbol, provider }) : undefined)
}

/** Selects the row of a price, also one that is not listed. */
export function selectPrice(latest: Price): void {
  const key = keyOf(latest)
  batch(() => {
    if (!rowsByKey.has(key)) createRow(latest)
    showLatest(latest)
    selectedKey.value = key
  })
}

/** Replaces the list, if its members change; by symbol. */
export function listRows(series: readonly SeriesName[]): void {
  const keys = [...new Set(series.map(keyOf))].toSorted()
  for (const one of series) if (!hasRow(one)) createRow(one)
  const listed = rows.peek()
  const isUnchanged = listed?.length === keys.length && listed.every((row, at) => row.key === keys[at])
  if (!isUnchanged) rows.value = keys.flatMap((key) => rowsByKey.get(key) ?? [])
}

function createRow({ symbol, provider }: SeriesName): Row {
  const key = keyOf({ symbol, provider })
  const isSelected = computed(() => selected.value?.key === key)
  const row = { key, symbol, provider, isSelected, quote: signal(undefined), status: signal(undefined) }
  const withDetails = { ...row, details: signal({}) }
  rowsByKey.set(key, withDetails)
  return withDetails
}

/** Shows the name, exchange and currency of each symbol that has a row. */
export function showDetails(symbols: readonly SymbolEntry[]): void {
  for (const { name, exchange, currency, ...series } of symbols) {
    const details = rowsByKey.get(keyOf(series))?.details
    const found = { name, exchange, currency }
    if (details && !areEqual(details.peek(), found)) details.value = found
  }
}

function areEqual(one: SymbolDetails, other: SymbolDetails): boolean {
  return one.name === other.name && one.exchange === other.exchange && one.currency === other.currency
}

/** Shows a price with its status, if it has a row. */
export function showLatest(latest: Price): void {
  const row = rowsByKey.get(keyOf(latest))
  if (row === undefined) return
  syncClock(latest.timestamp, latest.age_ms)
  row.status.value = quoteStatusOf(latest)
  showPrices([latest])
}

/** Shows prices that have a row. One older than the one shown, such as a correction of the past, changes nothing here. */
export function showPrices(events: readonly PriceEvent[]): void {
  for (const event of events) {
    const row = rowsByKey.get(keyOf(event))
    const before = row?.quote.peek()
    const madeAt = Date.parse(event.timestamp)
    if (row === undefined || (before && before.madeAt > madeAt)) continue
    row.quote.value = quoteAfter(before, event, row.status.peek())
  }
}

/** Forgets every price that is shown. */
export function forgetPrices(): void {
  batch(() => {
    for (const { quote, status } of rowsByKey.values()) quote.value = status.value = undefined
  })
}
