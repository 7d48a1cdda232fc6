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

/** What came of asking for one symbol, and what is stored of it since. */
type Landing = { readonly result: RecordResult; readonly stored: StoredPrice | undefined }

/**
 * Answers from the store while that is young enough, and else asks the provider: once for all who wait for the same symbol.
 * The request belongs to nobody in particular, so a caller who leaves ends nobody else's; it ends with the service (`signal`).
 */
export function createLatest({ collect, readLatest, clock, signal }: Needs): Latest {
  const readOnce = createSingleFlight((request: LatestRequest) => readLatest(request), readKey)
  const flights = new Map<string, Promise<Landing>>()

  /** What is stored now counts, not what came back: the reply may have been older than what we have. */
  async function land(provider: string, symbols: readonly string[]): Promise<readonly Landing[]> {
    const results = await collect(provider, symbols, signal)
    const stored = await readLatest({ provider, symbols, currency: undefined })
    return results.map((result) => ({ result, stored: stored.get(result.symbol) }))
  }

  /** Symbols that are being asked already are waited for; the others are asked in one request. */
  function ask(provider: string, symbols: readonly string[]): Promise<readonly Landing[]> {
    const key = (symbol: string) => `${provider} ${symbol}`
    const grounded = symbols.filter((symbol) => !flights.has(key(symbol)))
    const request = grounded.length > 0 ? land(provider, grounded) : Promise.resolve([])
    for (const [index, symbol] of grounded.entries()) {
      const flight = request.then((landings) => landings[index] ?? { result: unanswered(symbol), stored: undefined })
      const landed = () => flights.delete(key(symbol))
      flights.set(key(symbol), flight)
      flight.then(landed, landed)
    }
    return Promise.all(symbols.flatMap((symbol) => flights.get(key(symbol)) ?? []))
  }

  return async (request) => {
    const { provider, symbols, currency, maxAgeSeconds } = request
    const stored = await readOnce(request)
    const youngerThan = clock.now() - maxAgeSeconds * 1000
    const isYoung = (price: StoredPrice | undefined) =>
      maxAgeSeconds > 0 && price !== undefined && millisOf(price.confirmedAt) > youngerThan
    const stale = symbols.filter((symbol) => !isYoung(stored.get(symbol)))
    const landings = new Map((await ask(provider, stale)).map((landing) => [landing.result.symbol, landing]))
    const now = currency === undefined || stale.length === 0 ? undefined : await readLatest(request)
    return symbols.map((symbol) => {
      const landing = landings.get(symbol)
      if (landing === undefined) return answer(symbol, undefined, stored.get(symbol))
      return answer(symbol, landing.result, now === undefined ? landing.stored : now.get(symbol))
    })
  }
}

function readKey({ provider, symbols, currency = '' }: LatestRequest): string {
  return `${provider} ${currency} ${symbols.join()}`
}

/** Calls of the same key at the same time are one: a thousand callers of a symbol read it once. */
function createSingleFlight<A, R>(call: (argument: A) => Promise<R>, keyOf: (argument: A) => string) {
  const calls = new Map<string, Promise<R>>()
  return (argument: A): Promise<R> => {
    const key = keyOf(argument)
    const made = calls.get(key) ?? call(argument).finally(() => calls.delete(key))
    calls.set(key, made)
    return made
  }
}

function answer(symbol: string, asked: RecordResult | undefined, price: StoredPrice | undefined): LatestResult {
  if (asked && 'error' in asked) return { symbol, error: asked.error, ...(price && { lastKnown: price }) }
  if (price) return { symbol, price }
  return { symbol, error: new ServiceError('no_price', `No price of ${symbol} in that currency.`, { symbol }) }
}

function unanswered(symbol: string): RecordResult {
  return { symbol, error: new ServiceError('internal', `No result for ${symbol}.`, { symbol }) }
}
