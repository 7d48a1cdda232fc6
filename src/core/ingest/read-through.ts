import type { Clock } from '../../lib/clock.ts'
import { ServiceError } from '../../errors.ts'
import type { Ingest } from './ingest.ts'
import { millisOf } from '../../lib/instant.ts'
import type { RecordResult, StoredPrice } from '../prices/quote.ts'

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
  readonly ingest: Ingest
  readonly readLatest: ReadLatest
  /** Calls back whenever this process stored prices. */
  readonly onPricesStored: (listener: () => void) => unknown
  readonly clock: Clock
  readonly signal: AbortSignal
}

/** What came of asking for one symbol, and what is stored of it since. */
type Landing = { readonly result: RecordResult; readonly stored: StoredPrice | undefined }

/**
 * Answers from the store while that is young enough, and else asks the provider: once for all who wait for the same symbol.
 * The request belongs to nobody in particular, so a caller who leaves ends nobody else's; it ends with the service (`signal`).
 */
export function createLatest({ ingest, readLatest, onPricesStored, clock, signal }: Needs): Latest {
  const memory = createMemory(readLatest, clock)
  onPricesStored(memory.forget)
  const flights = new Map<string, Promise<Landing>>()

  /** What is stored now counts, not what came back: the reply may have been older than what we have. */
  async function land(provider: string, symbols: readonly string[]): Promise<readonly Landing[]> {
    const results = await ingest(provider, symbols, signal)
    memory.forget()
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
    const stored = await memory.read(request)
    const youngerThan = clock.now() - maxAgeSeconds * 1000
    const isYoung = (price: StoredPrice | undefined) =>
      maxAgeSeconds > 0 && price !== undefined && millisOf(price.confirmedAt) > youngerThan
    const stale = symbols.filter((symbol) => !isYoung(stored.get(symbol)))
    if (stale.length === 0) return symbols.map((symbol) => answer(symbol, undefined, stored.get(symbol)))
    const landings = new Map((await ask(provider, stale)).map((landing) => [landing.result.symbol, landing]))
    const now = currency === undefined ? undefined : await readLatest(request)
    return symbols.map((symbol) => {
      const landing = landings.get(symbol)
      if (landing === undefined) return answer(symbol, undefined, stored.get(symbol))
      return answer(symbol, landing.result, now === undefined ? landing.stored : now.get(symbol))
    })
  }
}

/** A hot symbol costs the database so many reads a second at most, whoever asks; other processes' prices are as much late. */
const MEMORY_MS = 100
const MEMORY_SIZE = 1_000

type Remembered = { readonly prices: ReturnType<ReadLatest>; until: number }

/** Calls of the same key are one while it is being read, and for a moment from the start of the read on. */
function createMemory(readLatest: ReadLatest, clock: Clock) {
  const known = new Map<string, Remembered>()

  function remember(key: string, request: LatestRequest): Remembered {
    if (known.size >= MEMORY_SIZE) known.clear()
    const until = clock.now() + MEMORY_MS
    const remembered = { prices: readLatest(request), until: Number.POSITIVE_INFINITY }
    known.set(key, remembered)
    const expire = (at: number) => () => void (remembered.until = at)
    remembered.prices.then(expire(until), expire(0))
    return remembered
  }

  return {
    read: (request: LatestRequest) => {
      const { provider, currency = '', symbols } = request
      const key = `${provider} ${currency} ${symbols.join()}`
      const found = known.get(key)
      return (found && found.until > clock.now() ? found : remember(key, request)).prices
    },
    forget: () => known.clear(),
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
