import type { Clock } from '../../lib/clock.ts'
import { ServiceError } from '../../errors.ts'
import type { Ingest } from './ingest.ts'
import { createPriceMemory, type PriceMemory } from './price-memory.ts'
import { isConfirmedWithin } from '../prices/freshness.ts'
import type { RecordResult, StoredPrice } from '../prices/quote.ts'

export type LatestRequest = {
  readonly provider: string
  /** Canonical, without repeats. */
  readonly symbols: readonly string[]
  /** Only series of this currency; without it, the series of the newest price. */
  readonly currency?: string | undefined
  /** A price confirmed within this many seconds is answered from the store; 0 always asks the provider. */
  readonly maxAgeSeconds: number
  /** Why the provider is never asked: the stored price is the answer, however old it is. */
  readonly storedOnly?: 'import' | 'foreign_page' | undefined
}

export type LatestResult =
  | { readonly symbol: string; readonly price: StoredPrice }
  | { readonly symbol: string; readonly error: ServiceError; readonly lastKnown?: StoredPrice }

export type Latest = {
  /** One result per symbol, in the order of the request. Rejects only if the storage fails or the provider is unknown. */
  find(request: LatestRequest): Promise<readonly LatestResult[]>
  /**
   * The price that `find` would give for the first symbol, if memory holds it. It never waits, reads or fetches.
   * @param request an object that stays the same; a question that comes again is best asked with the same object
   * @param now milliseconds since 1970
   */
  peek(request: LatestRequest, now: number): StoredPrice | undefined
}

/** The newest stored price of each symbol that has one. */
export type ReadLatest = (
  request: Pick<LatestRequest, 'provider' | 'symbols' | 'currency'>,
) => Promise<ReadonlyMap<string, StoredPrice>>

type Needs = {
  readonly ingest: Ingest
  readonly readLatest: ReadLatest
  /** Calls the listener whenever this process has stored prices. */
  readonly onPricesStored: (listener: () => void) => unknown
  readonly clock: Clock
  readonly signal: AbortSignal
}

/** The result of fetching one symbol, and what is stored of it since. */
type Fetched = { readonly result: RecordResult; readonly stored: StoredPrice | undefined }

/**
 * Answers from the store if the price there is fresh enough, and otherwise fetches it: once for all callers that wait for the
 * same symbol. The request belongs to no caller, so a caller that leaves does not end it; it ends with the service (`signal`).
 */
export function createLatest({ ingest, readLatest, onPricesStored, clock, signal }: Needs): Latest {
  const memory = createPriceMemory(readLatest, clock)
  onPricesStored(memory.forget)
  const fetchShared = createSharedFetch({ ingest, readLatest, signal }, memory)

  async function find(request: LatestRequest): Promise<readonly LatestResult[]> {
    const { provider, symbols, currency, storedOnly } = request
    const stored = await memory.read(request)
    if (storedOnly) return symbols.map((symbol) => storedAnswer(request, symbol, stored.get(symbol)))
    const stale = symbols.filter((symbol) => !isAnswer(request, stored.get(symbol), clock.now()))
    if (stale.length === 0) return symbols.map((symbol) => answer(request, symbol, { stored: stored.get(symbol) }))
    const fetched = new Map((await fetchShared(provider, stale)).map((one) => [one.result.symbol, one]))
    const now = currency === undefined ? undefined : await readLatest(request)
    return symbols.map((symbol) => {
      const one = fetched.get(symbol)
      if (one === undefined) return answer(request, symbol, { stored: stored.get(symbol) })
      return answer(request, symbol, now === undefined ? one : { ...one, stored: now.get(symbol) })
    })
  }

  function peek(request: LatestRequest, now: number): StoredPrice | undefined {
    const price = memory.peek(request)?.get(request.symbols[0] ?? '')
    return isAnswer(request, price, now) ? price : undefined
  }

  return { find, peek }
}

/** Whether a stored price answers the request, so that the provider need not be asked. */
function isAnswer({ maxAgeSeconds, storedOnly }: LatestRequest, price: StoredPrice | undefined, now: number): boolean {
  if (price === undefined) return false
  return storedOnly !== undefined || (maxAgeSeconds > 0 && isConfirmedWithin(price, maxAgeSeconds * 1000, now))
}

/** Fetches symbols: joins the requests in flight, and fetches the other symbols in one request. */
function createSharedFetch(
  { ingest, readLatest, signal }: Pick<Needs, 'ingest' | 'readLatest' | 'signal'>,
  memory: PriceMemory,
) {
  const inFlight = new Map<string, Promise<Fetched>>()

  /** What is stored afterwards counts, not the reply: it may be older than the stored price. */
  async function fetchAndRead(provider: string, symbols: readonly string[]): Promise<readonly Fetched[]> {
    const results = await ingest(provider, symbols, signal)
    memory.forget()
    const stored = await readLatest({ provider, symbols, currency: undefined })
    return results.map((result) => ({ result, stored: stored.get(result.symbol) }))
  }

  return (provider: string, symbols: readonly string[]): Promise<readonly Fetched[]> => {
    const key = (symbol: string) => `${provider} ${symbol}`
    const missing = symbols.filter((symbol) => !inFlight.has(key(symbol)))
    const request = missing.length > 0 ? fetchAndRead(provider, missing) : Promise.resolve([])
    for (const [index, symbol] of missing.entries()) {
      const one = request.then((fetched) => fetched[index] ?? { result: missingResult(symbol), stored: undefined })
      const remove = () => inFlight.delete(key(symbol))
      inFlight.set(key(symbol), one)
      one.then(remove, remove)
    }
    return Promise.all(symbols.flatMap((symbol) => inFlight.get(key(symbol)) ?? []))
  }
}

function answer(request: LatestRequest, symbol: string, { result, stored: price }: Partial<Fetched>): LatestResult {
  if (result && 'error' in result) return { symbol, error: result.error, ...(price && { lastKnown: price }) }
  if (price) return { symbol, price }
  const detail = `${noPriceOf(request, symbol)}.`
  return { symbol, error: new ServiceError('no_price', detail, { symbol, provider: request.provider }) }
}

/** Of a page of another site, too: for it there is nothing but what is stored. */
function storedAnswer(request: LatestRequest, symbol: string, price: StoredPrice | undefined): LatestResult {
  if (price) return { symbol, price }
  const why =
    request.storedOnly === 'import' ? '' : ', and pages of other sites cannot request one; CORS_ORIGINS allows a site'
  const detail = `${noPriceOf(request, symbol)} is stored${why}.`
  return { symbol, error: new ServiceError('no_price', detail, { symbol, provider: request.provider }) }
}

function noPriceOf({ provider, currency }: LatestRequest, symbol: string): string {
  return `No price of ${symbol}${currency === undefined ? '' : ` in ${currency}`} from ${provider}`
}

function missingResult(symbol: string): RecordResult {
  return { symbol, error: new ServiceError('internal', `No result for ${symbol}.`, { symbol }) }
}
