import { batch, computed, effect, signal, type ReadonlySignal, type Signal } from '@preact/signals'
import { percentOf, subtractDecimals, type Decimal } from '../../src/lib/decimal.ts'
import type { PriceEvent } from '../api/stream.ts'
import type { Price, Symbol as SymbolEntry } from '../api/schemas.ts'
import { syncClock } from './clock.ts'
import { jobs } from './jobs.ts'
import { createLatestReader } from './symbols/latest.ts'
import { poll, type Poll } from './poll.ts'
import { listSymbols, stored } from './symbols/stored.ts'

/** The newest price of a symbol, as the page shows it. */
export type Quote = {
  readonly price: Decimal
  readonly priceId: string
  /** As the provider writes it: `GBp` are pence. Null if it names none. */
  readonly currency: string | null
  /** When the price was made, in milliseconds since 1970. */
  readonly madeAt: number
  readonly change: Decimal | undefined
  readonly changePercent: Decimal | undefined
  /** The direction of the last change. */
  readonly step: 'up' | 'down' | 'none'
  /** The last quote in the currency that was shown before this one's: the two are not comparable. */
  readonly formerly: Quote | undefined
}

/** What the service reports about that price besides; refreshed every few seconds. */
export type QuoteStatus = {
  readonly currency: string | null
  readonly marketState: Price['market_state']
  readonly freshness: Price['freshness']
  readonly delaySeconds: number | null
  readonly previousClose: Decimal | undefined
  readonly extended: Price['extended']
}

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

/** Undefined until the service has listed them. */
export const rows = signal<readonly Row[] | undefined>(undefined)
export const selectedKey = signal<string | undefined>(undefined)
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

/** The selected row. If none has been chosen, the first with a price, else the first; never another than the chosen one. */
export const selected = computed(() => {
  const listed = rows.value
  if (sought.value) return undefined
  if (selectedKey.value !== undefined) return rowsByKey.get(selectedKey.value)
  return listed?.find(hasPrice) ?? listed?.[0]
})

/** A year: stored prices are enough here, so that opening the page never triggers a request to a provider. */
export const MAX_AGE_SECONDS = 31_536_000
const REFRESH_MS = 5_000
/** A symbol that is new here comes with its first price or its job, so the whole list is rarely read again. */
const LIST_MS = 60_000

type SeriesName = { readonly symbol: string; readonly provider: string }

let polling: Poll | undefined
const latestReader = createLatestReader()
const rowsByKey = new Map<string, Row>()
const listeners = new Set<(events: readonly PriceEvent[]) => void>()

/** Keeps the rows up to date; pass the events of the stream to what it returns. */
export function startMarket(): (events: readonly PriceEvent[]) => void {
  // A job's symbol is listed before its first price.
  effect(() => {
    if (stored.value) listRows([...stored.value, ...(jobs.value ?? [])])
  })
  effect(() => showDetails(stored.value ?? []))
  polling = poll(REFRESH_MS, refresh)
  return (events) => {
    batch(() => showPrices(events))
    if (events.some((event) => !rowsByKey.has(keyOf(event)))) {
      isListIncomplete = true
      polling?.now()
    }
    for (const listener of listeners) listener(events)
  }
}

/** Subscribes to every price of the stream; call what it returns to unsubscribe. */
export function onPrices(listener: (events: readonly PriceEvent[]) => void): () => void {
  listeners.add(listener)
  return () => void listeners.delete(listener)
}

/** The key of a series: symbols and providers contain no space. */
export function keyOf({ symbol, provider }: SeriesName): string {
  return `${symbol} ${provider}`
}

/** Whether a price of it is known. */
export function hasPrice(row: Row): boolean {
  return row.quote.value !== undefined
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

/** Forgets the prices that are shown, and reads them again: those of another database would look newer. */
export function reloadMarket(): void {
  batch(() => {
    for (const { quote, status } of rowsByKey.values()) quote.value = status.value = undefined
  })
  isListIncomplete = true
  polling?.now()
}

/** The row of a series, listed or not. */
export function rowOf(key: string): Row | undefined {
  const [symbol, provider] = key.split(' ')
  return rowsByKey.get(key) ?? (symbol && provider ? createRow({ symbol, provider }) : undefined)
}

/** Reports which rows are on the screen: the service is asked for their state most often. */
export const reportVisible = latestReader.reportVisible

let listedAt = -Infinity
let isListIncomplete = false

async function refresh(): Promise<void> {
  if (isListIncomplete || performance.now() - listedAt > LIST_MS) {
    await listSymbols()
    isListIncomplete = false
    listedAt = performance.now()
  }
  const keys = (stored.peek() ?? []).map(keyOf)
  const shown = selected.peek()?.key
  await latestReader.read({ keys, first: shown === undefined ? [] : [shown] }, (prices) =>
    batch(() => {
      for (const price of prices) showLatest(price)
    }),
  )
}

/** The list is replaced only if its members change. */
function listRows(series: readonly SeriesName[]): void {
  const keys = [...new Set(series.map(keyOf))].toSorted()
  for (const one of series) if (!rowsByKey.has(keyOf(one))) createRow(one)
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

function showDetails(symbols: readonly SymbolEntry[]): void {
  for (const { name, exchange, currency, ...series } of symbols) {
    const details = rowsByKey.get(keyOf(series))?.details
    const found = { name, exchange, currency }
    if (details && !areEqual(details.peek(), found)) details.value = found
  }
}

function areEqual(one: SymbolDetails, other: SymbolDetails): boolean {
  return one.name === other.name && one.exchange === other.exchange && one.currency === other.currency
}

function showLatest(latest: Price): void {
  const row = rowsByKey.get(keyOf(latest))
  if (row === undefined) return
  syncClock(latest.timestamp, latest.age_ms)
  row.status.value = {
    currency: latest.currency,
    marketState: latest.market_state,
    freshness: latest.freshness,
    delaySeconds: latest.delay_seconds,
    previousClose: latest.previous_close,
    extended: latest.extended,
  }
  showPrices([latest])
}

/** A price older than the one shown, such as a correction of the past, changes nothing here. */
function showPrices(events: readonly PriceEvent[]): void {
  for (const event of events) {
    const row = rowsByKey.get(keyOf(event))
    const before = row?.quote.peek()
    const madeAt = Date.parse(event.timestamp)
    if (row === undefined || (before && before.madeAt > madeAt)) continue
    row.quote.value = quoteOf(event, before, row.status.peek())
  }
}

/** Prices are compared only within one currency: pence and pounds are two series. */
function quoteOf(event: PriceEvent, before: Quote | undefined, status: QuoteStatus | undefined): Quote {
  const { price, currency } = event
  const isSame = before?.currency === currency
  return {
    price,
    priceId: event.price_id,
    currency,
    madeAt: Date.parse(event.timestamp),
    ...changeSince(status?.currency === currency ? status.previousClose : undefined, price),
    step: isSame ? stepOf(before, price) : 'none',
    formerly: isSame ? before.formerly : before,
  }
}

function changeSince(previousClose: Decimal | undefined, price: Decimal) {
  if (previousClose === undefined) return { change: undefined, changePercent: undefined }
  const change = subtractDecimals(price, previousClose)
  return { change, changePercent: percentOf(change, previousClose, 2) }
}

function stepOf(before: Quote, price: Decimal): Quote['step'] {
  if (before.price === price) return before.step
  return subtractDecimals(price, before.price).startsWith('-') ? 'down' : 'up'
}
