import { batch, computed, effect, signal, type ReadonlySignal, type Signal } from '@preact/signals'
import { percentOf, subtractDecimals, type Decimal } from '../../src/lib/decimal.ts'
import { request } from '../api/client.ts'
import type { PriceEvent } from '../api/stream.ts'
import type { Price, Symbol as SymbolEntry } from '../api/schemas.ts'
import { syncClock } from './clock.ts'
import { jobs } from './jobs.ts'
import { poll } from './poll.ts'

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

/** A symbol of a provider. Each part is a signal, so that a new price renders one row and not the list. */
export type Row = {
  readonly key: string
  readonly symbol: string
  readonly provider: string
  readonly quote: Signal<Quote | undefined>
  readonly status: Signal<QuoteStatus | undefined>
  readonly isSelected: ReadonlySignal<boolean>
}

/** Undefined until the service has listed them. */
export const rows = signal<readonly Row[] | undefined>(undefined)
export const selectedKey = signal<string | undefined>(undefined)
/** The selected row, else the first with a price, else the first. */
export const selected = computed(
  () => rows.value?.find((row) => row.key === selectedKey.value) ?? rows.value?.find(hasPrice) ?? rows.value?.[0],
)

const MAX_ROWS = 500
const SYMBOLS_PER_REQUEST = 100
/** A year: stored prices are enough here, so that opening the page never triggers a request to a provider. */
const MAX_AGE_SECONDS = 31_536_000
const REFRESH_MS = 5_000

/** The symbols with stored prices. */
const stored = signal<readonly SymbolEntry[] | undefined>(undefined)
const rowsByKey = new Map<string, Row>()
const listeners = new Set<(events: readonly PriceEvent[]) => void>()

/** Keeps the rows up to date; pass the events of the stream to what it returns. */
export function startMarket(): (events: readonly PriceEvent[]) => void {
  // A job's symbol is listed before its first price.
  effect(() => {
    if (stored.value) listRows([...stored.value, ...(jobs.value ?? [])])
  })
  const polling = poll(REFRESH_MS, refresh)
  return (events) => {
    batch(() => showPrices(events))
    if (events.some((event) => !rowsByKey.has(keyOf(event)))) polling.now()
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

async function refresh(): Promise<void> {
  const { data } = await request('GET /symbols', { query: { limit: MAX_ROWS } })
  const prices = await readLatest(data)
  batch(() => {
    stored.value = data
    listRows([...data, ...(jobs.value ?? [])])
    for (const price of prices) showLatest(price)
  })
}

async function readLatest(symbols: readonly SymbolEntry[]): Promise<readonly Price[]> {
  const queries = [...Map.groupBy(symbols, ({ provider }) => provider)].flatMap(([provider, ofProvider]) =>
    chunks(ofProvider, SYMBOLS_PER_REQUEST).map((chunk) => ({
      symbols: chunk.map(({ symbol }) => symbol).join(','),
      provider,
      max_age: MAX_AGE_SECONDS,
    })),
  )
  const answers = await Promise.all(queries.map((query) => request('GET /prices/latest', { query })))
  return answers.flatMap((answer) => ('data' in answer ? answer.data : [answer])).filter((entry) => 'price' in entry)
}

function chunks<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, at) => items.slice(at * size, (at + 1) * size))
}

/** The list is replaced only if its members change. */
function listRows(series: readonly { symbol: string; provider: string }[]): void {
  const keys = [...new Set(series.map(keyOf))].toSorted()
  for (const one of series) if (!rowsByKey.has(keyOf(one))) rowsByKey.set(keyOf(one), createRow(one))
  const listed = rows.peek()
  const isSame = listed?.length === keys.length && listed.every((row, at) => row.key === keys[at])
  if (!isSame) rows.value = keys.flatMap((key) => rowsByKey.get(key) ?? [])
}

function createRow({ symbol, provider }: { symbol: string; provider: string }): Row {
  const key = keyOf({ symbol, provider })
  const isSelected = computed(() => selected.value?.key === key)
  return { key, symbol, provider, quote: signal(undefined), status: signal(undefined), isSelected }
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
