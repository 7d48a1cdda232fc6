import type { Clock } from '../clock.ts'
import { ServiceError } from '../errors.ts'
import type { Collect } from './collect.ts'
import { millisOf } from './instant.ts'
import type { RecordResult, StoredPrice } from './quote.ts'

export type LatestRequest = {
  readonly provider: string
  /** Canonical, without repeats. */
  readonly symbols: readonly string[]
  /** Only series of this currency; without it, the series of the newest price. */
  readonly currency?: string | undefined
  /** A price confirmed within so many seconds is answered from the store; 0 always asks. */
  readonly maxAgeSeconds: number
}

export type LatestResult =
  | { readonly symbol: string; readonly price: StoredPrice }
  | { readonly symbol: string; readonly error: ServiceError; readonly lastKnown?: StoredPrice }

/** One result a symbol, in the order asked. Rejects only when the storage fails or the provider is unknown. */
export type Latest = (request: LatestRequest) => Promise<readonly LatestResult[]>

/** The newest stored price of each symbol that has one. */
export type ReadLatest = (
  request: Pick<LatestRequest, 'provider' | 'symbols' | 'currency'>,
) => Promise<ReadonlyMap<string, StoredPrice>>

type Needs = {
  readonly collect: Collect
  readonly readLatest: ReadLatest
  readonly clock: Clock
  readonly signal: AbortSignal
}

/**
 * Answers from the store while that is young enough, and else asks the provider: once for all who wait for the same symbol.
 * The request belongs to nobody in particular, so a caller who leaves ends nobody else's; it ends with the service (`signal`).
 */
export function createLatest({ collect, readLatest, clock, signal }: Needs): Latest {
  const flights = new Map<string, Promise<RecordResult>>()

  /** Symbols that are being asked already are waited for; the others are asked in one request. */
  function ask(provider: string, symbols: readonly string[]): Promise<readonly RecordResult[]> {
    const key = (symbol: string) => `${provider} ${symbol}`
    const grounded = symbols.filter((symbol) => !flights.has(key(symbol)))
    const request = grounded.length > 0 ? collect(provider, grounded, signal) : Promise.resolve([])
    for (const [index, symbol] of grounded.entries()) {
      const flight = request.then((results) => results[index] ?? { symbol, error: unanswered(symbol) })
      const landed = () => flights.delete(key(symbol))
      flights.set(key(symbol), flight)
      flight.then(landed, landed)
    }
    return Promise.all(symbols.flatMap((symbol) => flights.get(key(symbol)) ?? []))
  }

  return async (request) => {
    const { provider, symbols, maxAgeSeconds } = request
    const stored = await readLatest(request)
    const youngerThan = clock.now() - maxAgeSeconds * 1000
    const isYoung = (price: StoredPrice | undefined) =>
      maxAgeSeconds > 0 && price !== undefined && millisOf(price.confirmedAt) > youngerThan
    const stale = symbols.filter((symbol) => !isYoung(stored.get(symbol)))
    if (stale.length === 0) return symbols.map((symbol) => answer(symbol, undefined, stored))
    const asked = new Map((await ask(provider, stale)).map((result) => [result.symbol, result]))
    const now = await readLatest(request)
    return symbols.map((symbol) => answer(symbol, asked.get(symbol), now))
  }
}

/** What is stored now counts, not what came back: the reply may have been older than what we have. */
function answer(
  symbol: string,
  asked: RecordResult | undefined,
  stored: ReadonlyMap<string, StoredPrice>,
): LatestResult {
  const price = stored.get(symbol)
  if (asked && 'error' in asked) return { symbol, error: asked.error, ...(price && { lastKnown: price }) }
  return price
    ? { symbol, price }
    : { symbol, error: new ServiceError('no_price', `No price of ${symbol} in that currency.`, { symbol }) }
}

function unanswered(symbol: string): ServiceError {
  return new ServiceError('internal', `No result for ${symbol}.`, { symbol })
}
