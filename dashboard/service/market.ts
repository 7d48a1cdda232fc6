import { batch, computed, effect, signal, type Signal } from '@preact/signals'
import type { Freshness, LatestEntry, LatestPrice, MarketState, Page, PriceEvent, SymbolMatch } from './answers.ts'
import { ask, query } from './ask.ts'
import { percent, subtract, type Decimal } from './decimal.ts'
import { jobs } from './jobs.ts'
import { repeat } from './repeat.ts'
import { setClock } from './time.ts'

/** The newest price of a symbol, as the eye reads it. */
export type Quote = {
  readonly price: Decimal
  readonly priceId: string
  readonly madeAt: number
  readonly change: Decimal | undefined
  readonly changePercent: Decimal | undefined
  /** Which way the last step went. */
  readonly step: 'up' | 'down' | 'none'
}

/** What the service says about that price, now and then. */
export type Standing = {
  readonly currency: string | null
  readonly marketState: MarketState
  readonly freshness: Freshness
  readonly delaySeconds: number | null
  readonly previousClose: Decimal | undefined
  readonly extended: LatestPrice['extended']
}

/** A symbol of a provider; its parts change each on their own, so that a new price draws one row and not the list. */
export type Row = {
  readonly key: string
  readonly symbol: string
  readonly provider: string
  readonly quote: Signal<Quote | undefined>
  readonly standing: Signal<Standing | undefined>
}

/** Undefined until the service has said what there is. */
export const rows = signal<readonly Row[] | undefined>(undefined)
export const selectedKey = signal<string | undefined>(undefined)
/** The chosen one, else the first. */
export const selected = computed(
  () => rows.value?.find((row) => row.key === selectedKey.value) ?? rows.value?.find(hasPrice) ?? rows.value?.[0],
)

const MAX_ROWS = 500
const SYMBOLS_AT_ONCE = 100
/** A year: what is stored is good enough, and no provider is asked on our account. */
const FROM_THE_STORE_SECONDS = 31_536_000
const REFRESH_MS = 5_000

/** The symbols of which there are prices. */
const stored = signal<readonly SymbolMatch[] | undefined>(undefined)
const known = new Map<string, Row>()
const listeners = new Set<(events: readonly PriceEvent[]) => void>()

/** Keeps the list of symbols, and what is said about their prices. */
export function keepMarket() {
  // A job shows in the list before its first price.
  effect(() => {
    if (stored.value) listRows([...stored.value, ...jobs.value])
  })
  const refreshing = repeat(REFRESH_MS, refresh)
  return {
    refresh: refreshing.now,
    /** Takes prices as they come. */
    take: (events: readonly PriceEvent[]) => {
      batch(() => takePrices(events))
      if (events.some((event) => !known.has(keyOf(event)))) refreshing.now()
      for (const listener of listeners) listener(events)
    },
  }
}

/** Hears of every price as it comes; call what is returned to stop. */
export function onPrices(listener: (events: readonly PriceEvent[]) => void): () => void {
  listeners.add(listener)
  return () => void listeners.delete(listener)
}

export function keyOf({ symbol, provider }: { symbol: string; provider: string }): string {
  return `${symbol} ${provider}`
}

function hasPrice(row: Row): boolean {
  return row.quote.value !== undefined
}

async function refresh(): Promise<void> {
  const { data } = await ask<Page<SymbolMatch>>(`/symbols${query({ limit: MAX_ROWS })}`)
  const answers = await Promise.all(requestsFor(data).map((path) => ask<{ data: readonly LatestEntry[] }>(path)))
  batch(() => {
    stored.value = data
    listRows([...data, ...jobs.value])
    for (const entry of answers.flatMap((answer) => answer.data)) if ('price' in entry) takeLatest(entry)
  })
}

function requestsFor(symbols: readonly SymbolMatch[]): string[] {
  const byProvider = Map.groupBy(symbols, ({ provider }) => provider)
  return [...byProvider].flatMap(([provider, ofProvider]) =>
    chunks(ofProvider, SYMBOLS_AT_ONCE).map((some) => {
      const list = some.map(({ symbol }) => symbol).join(',')
      return `/prices/latest${query({ symbols: list, provider, max_age: FROM_THE_STORE_SECONDS })}`
    }),
  )
}

function chunks<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, at) => items.slice(at * size, (at + 1) * size))
}

/** The list is drawn anew only when it has other members. */
function listRows(series: readonly { symbol: string; provider: string }[]): void {
  const keys = [...new Set(series.map(keyOf))].toSorted()
  for (const one of series) if (!known.has(keyOf(one))) known.set(keyOf(one), rowOf(one))
  const listed = rows.peek()
  const isSame = listed?.length === keys.length && listed.every((row, at) => row.key === keys[at])
  if (!isSame) rows.value = keys.flatMap((key) => known.get(key) ?? [])
}

function rowOf({ symbol, provider }: { symbol: string; provider: string }): Row {
  const key = keyOf({ symbol, provider })
  return { key, symbol, provider, quote: signal(undefined), standing: signal(undefined) }
}

function takeLatest(latest: LatestPrice): void {
  const row = known.get(keyOf(latest))
  if (row === undefined) return
  setClock(latest.timestamp, latest.age_ms)
  row.standing.value = {
    currency: latest.currency,
    marketState: latest.market_state,
    freshness: latest.freshness,
    delaySeconds: latest.delay_seconds,
    previousClose: latest.previous_close,
    extended: latest.extended,
  }
  takePrices([latest])
}

/** An older price than the one that is shown (a correction of the past) changes nothing here. */
function takePrices(events: readonly PriceEvent[]): void {
  for (const event of events) {
    const row = known.get(keyOf(event))
    const before = row?.quote.peek()
    const madeAt = Date.parse(event.timestamp)
    if (row === undefined || (before && before.madeAt > madeAt)) continue
    row.quote.value = {
      ...quoteOf(event, row.standing.peek()?.previousClose),
      madeAt,
      step: stepOf(before, event.price),
    }
  }
}

function quoteOf({ price, price_id }: PriceEvent, previousClose: Decimal | undefined) {
  const change = previousClose === undefined ? undefined : subtract(price, previousClose)
  const changePercent = change && previousClose && percent(change, previousClose)
  return { price, priceId: price_id, change, changePercent }
}

function stepOf(before: Quote | undefined, price: Decimal): Quote['step'] {
  if (before === undefined) return 'none'
  if (before.price === price) return before.step
  return subtract(price, before.price).startsWith('-') ? 'down' : 'up'
}
