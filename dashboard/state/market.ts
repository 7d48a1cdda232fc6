import { batch, computed, effect, signal, type ReadonlySignal, type Signal } from '@preact/signals'
import { percentOf, subtractDecimals, type Decimal } from '../../src/lib/decimal.ts'
import type { PriceEvent } from '../api/stream.ts'
import type { Price } from '../api/schemas.ts'
import { syncClock } from './clock.ts'
import { jobs } from './jobs.ts'
import { createLatestReader } from './symbols/latest.ts'
import { poll } from './poll.ts'
import { listSymbols, stored, type StoredSymbol } from './symbols/stored.ts'

/** The newest price of a symbol, as the page shows it. */
export type Quote = {
  readonly price: Decimal
  readonly priceId: string
  /** When the price was made, in milliseconds since 1970. */
  readonly madeAt: number
  readonly change: Decimal | undefined
  readonly changePercent: Decimal | undefined
  /** The direction of the last change. */
  readonly step: 'up' | 'down' | 'none'
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
/** The selected row, else the first with a price, else the first. */
export const selected = computed(
  () => rows.value?.find((row) => row.key === selectedKey.value) ?? rows.value?.find(hasPrice) ?? rows.value?.[0],
)

const REFRESH_MS = 5_000
/** A symbol that is new here comes with its first price or its job, so the whole list is rarely read again. */
const LIST_MS = 60_000

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
  const polling = poll(REFRESH_MS, refresh)
  return (events) => {
    batch(() => showPrices(events))
    if (events.some((event) => !rowsByKey.has(keyOf(event)))) {
      isListIncomplete = true
      polling.now()
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
export function keyOf({ symbol, provider }: { symbol: string; provider: string }): string {
  return `${symbol} ${provider}`
}

function hasPrice(row: Row): boolean {
  return row.quote.value !== undefined
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
function listRows(series: readonly { symbol: string; provider: string }[]): void {
  const keys = [...new Set(series.map(keyOf))].toSorted()
  for (const one of series) if (!rowsByKey.has(keyOf(one))) createRow(one)
  const listed = rows.peek()
  const isUnchanged = listed?.length === keys.length && listed.every((row, at) => row.key === keys[at])
  if (!isUnchanged) rows.value = keys.flatMap((key) => rowsByKey.get(key) ?? [])
}

function createRow({ symbol, provider }: { symbol: string; provider: string }): Row {
  const key = keyOf({ symbol, provider })
  const isSelected = computed(() => selected.value?.key === key)
  const row = { key, symbol, provider, isSelected, quote: signal(undefined), status: signal(undefined) }
  const withDetails = { ...row, details: signal({}) }
  rowsByKey.set(key, withDetails)
  return withDetails
}

function showDetails(symbols: readonly StoredSymbol[]): void {
  for (const { name, exchange, currency, ...series } of symbols) {
    const details = rowsByKey.get(keyOf(series))?.details
    const found = { name, exchange, currency }
    if (details && !isSame(details.peek(), found)) details.value = found
  }
}

function isSame(one: SymbolDetails, other: SymbolDetails): boolean {
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
    row.quote.value = {
      price: event.price,
      priceId: event.price_id,
      ...changeSince(row.status.peek()?.previousClose, event.price),
      madeAt,
      step: stepOf(before, event.price),
    }
  }
}

function changeSince(previousClose: Decimal | undefined, price: Decimal) {
  if (previousClose === undefined) return { change: undefined, changePercent: undefined }
  const change = subtractDecimals(price, previousClose)
  return { change, changePercent: percentOf(change, previousClose, 2) }
}

function stepOf(before: Quote | undefined, price: Decimal): Quote['step'] {
  if (before === undefined) return 'none'
  if (before.price === price) return before.step
  return subtractDecimals(price, before.price).startsWith('-') ? 'down' : 'up'
}
