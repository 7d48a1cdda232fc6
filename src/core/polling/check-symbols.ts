import type { Clock } from '../../lib/clock.ts'
import { DeadlineError, withDeadline } from '../../lib/deadline.ts'
import { ServiceError, type ErrorCode } from '../../errors.ts'
import { instantFromMillis, type Instant } from '../../lib/instant.ts'
import type { Ingest } from '../ingest/ingest.ts'
import type { QuoteProvider, RecordResult, SymbolMatch } from '../prices/quote.ts'
import type { CheckedResult } from './job.ts'

/** A symbol that the provider does not know, with those that it may have been meant to be. */
export type RefusedSymbol = {
  readonly symbol: string
  readonly error: ServiceError
  readonly suggestions: readonly SymbolMatch[]
}

export type CheckNeeds = {
  /** Stores the prices that it fetches. */
  readonly ingest: Ingest
  readonly clock: Clock
  /** Fires when the service ends. */
  readonly signal: AbortSignal
}

type Check = {
  readonly checked: ReadonlyMap<string, CheckedResult>
  readonly refused: readonly RefusedSymbol[]
  readonly warnings: readonly string[]
}

const CHECK_MS = 3_000
const SEARCH_MS = 2_000
/** Searches of one request for jobs: each is a request to the provider. */
const MAX_SEARCHES = 5
const MAX_SUGGESTIONS = 5

/** The provider answered that there is no such symbol. Anything else may be different at the first run. */
const UNKNOWN: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['symbol_not_found', 'symbol_delisted'])

/**
 * Asks the provider once for symbols that are to be polled. It waits for 3 s at most: a provider that is unavailable or slow
 * refuses nothing, and the symbols are accepted with a warning.
 */
export function createCheckSymbols(needs: CheckNeeds) {
  return async (provider: QuoteProvider, symbols: readonly string[]): Promise<Check> => {
    if (symbols.length === 0) return { checked: new Map(), refused: [], warnings: [] }
    const startedAt = instantFromMillis(needs.clock.now())
    const results = await fetchInTime(needs, provider.name, symbols)
    const finishedAt = instantFromMillis(needs.clock.now())
    const errors = results.flatMap((result) => ('error' in result ? [result] : []))
    const unknown = errors.filter(({ error }) => UNKNOWN.has(error.code))
    return {
      checked: checkedResults(results, startedAt, finishedAt),
      refused: await withSuggestions(needs, provider, unknown),
      warnings: warningsOf(provider, errors),
    }
  }
}

type Refusal = Extract<RecordResult, { readonly error: ServiceError }>

/** A request that fails as a whole is that error for each symbol. @throws whatever the storage throws */
async function fetchInTime({ ingest, clock, signal }: CheckNeeds, provider: string, symbols: readonly string[]) {
  const timeout = new AbortController()
  try {
    const work = ingest(provider, symbols, AbortSignal.any([signal, timeout.signal]))
    return await withDeadline(work, { ms: CHECK_MS, what: provider, signal, clock })
  } catch (error) {
    timeout.abort()
    if (!(error instanceof ServiceError || error instanceof DeadlineError)) throw error
    const cause = error instanceof ServiceError ? error : new ServiceError('provider_timeout', `${error.message}.`)
    return symbols.map((symbol) => ({ symbol, error: cause }))
  }
}

function checkedResults(results: readonly RecordResult[], startedAt: Instant, finishedAt: Instant) {
  const found = results.flatMap((result) => {
    if ('error' in result) return []
    const { symbol, outcome, price, replySha256 } = result
    const { priceId, marketState, delaySeconds } = price
    const run = { startedAt, finishedAt, outcome, priceId, replySha256, marketState, delaySeconds }
    return [[symbol, run] as const]
  })
  return new Map<string, CheckedResult>(found)
}

async function withSuggestions(
  needs: CheckNeeds,
  provider: QuoteProvider,
  unknown: readonly Refusal[],
): Promise<readonly RefusedSymbol[]> {
  const searched = unknown.map(async ({ symbol, error }, index) => {
    const suggestions = index < MAX_SEARCHES ? await searchInTime(needs, provider, symbol) : []
    return { symbol, error, suggestions }
  })
  return Promise.all(searched)
}

/** A search that fails leaves out the suggestions. */
async function searchInTime({ clock, signal }: CheckNeeds, provider: QuoteProvider, symbol: string) {
  const timeout = new AbortController()
  try {
    const work = provider.searchSymbols?.(symbol, AbortSignal.any([signal, timeout.signal])) ?? Promise.resolve([])
    const found = await withDeadline(work, { ms: SEARCH_MS, what: provider.name, signal, clock })
    return found.filter((match) => match.symbol !== symbol).slice(0, MAX_SUGGESTIONS)
  } catch {
    timeout.abort()
    return []
  }
}

/** One sentence for each reason, with the symbols that it concerns. */
function warningsOf({ name }: QuoteProvider, errors: readonly Refusal[]): readonly string[] {
  const open = errors.filter(({ error }) => !UNKNOWN.has(error.code))
  const byReason = Map.groupBy(open, ({ error }) => error.message)
  return [...byReason].map(([reason, of]) => {
    const symbols = of.map(({ symbol }) => symbol).join(', ')
    return `${name} did not confirm ${symbols}: ${reason} The first run will tell.`
  })
}
