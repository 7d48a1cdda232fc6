import type { Clock } from '../../lib/clock.ts'
import { ServiceError } from '../../errors.ts'
import { validateResult } from './validate-quote.ts'
import type { QuoteResult, QuoteProvider, RawReply, StoreReply, RecordResult } from '../prices/quote.ts'

/**
 * Every price enters here: fetch from the provider, validate each quote, store reply and prices, notify. Returns one result
 * per symbol, in the order of the symbols; a request that fails as a whole is that error for each of its symbols.
 * @throws ServiceError `unknown_provider`; whatever the storage throws
 */
export type Ingest = (
  provider: string,
  symbols: readonly string[],
  signal: AbortSignal,
) => Promise<readonly RecordResult[]>

type Needs = {
  readonly providerOf: (provider: string) => QuoteProvider
  readonly record: StoreReply
  /** Called after prices were committed. */
  readonly notify: () => void
  /** Called once per request, for metrics and health, with its duration; no error means a usable response. */
  readonly observe: (provider: string, ms: number, error?: ServiceError) => void
  /** One line for each request, with how many symbols it carried and how it ended. */
  readonly log?: { debug(details: object, message: string): void } | undefined
  readonly clock: Clock
}

export function createIngest({ providerOf, record, notify, observe, log, clock }: Needs): Ingest {
  async function ingestBatch(source: QuoteProvider, symbols: readonly string[], signal: AbortSignal) {
    const since = clock.monotonic()
    const reply = await fetchOrFail(source, symbols, signal)
    // Prices from files are never requested, so nothing can have failed.
    if (source.canBePolled !== false) {
      const ms = clock.monotonic() - since
      observe(source.name, ms, reply instanceof ServiceError ? reply : undefined)
      log?.debug({ provider: source.name, symbols: symbols.length, ms: Math.round(ms), ...endOf(reply) }, 'fetched')
    }
    if (reply instanceof ServiceError) return symbols.map((symbol) => ({ symbol, error: reply }))
    const results = await record(reply, validatedQuotes(source, reply))
    if (results.some((result) => 'price' in result && isStored(result.outcome))) notify()
    return results
  }

  return async (provider, symbols, signal) => {
    const source = providerOf(provider)
    const ingested: RecordResult[] = []
    for (let from = 0; from < symbols.length; from += source.maxBatch) {
      ingested.push(...(await ingestBatch(source, symbols.slice(from, from + source.maxBatch), signal)))
    }
    return ingested
  }
}

async function fetchOrFail(source: QuoteProvider, symbols: readonly string[], signal: AbortSignal) {
  try {
    return await source.fetchReply(symbols, signal)
  } catch (error) {
    if (error instanceof ServiceError) return error
    throw error
  }
}

/** The status of a response, or the code of the error; a request that was held back was not sent. */
function endOf(reply: RawReply | ServiceError) {
  if (!(reply instanceof ServiceError)) return { status: reply.status }
  return { error: reply.code, ...(reply.details.wasHeldBack && { sent: false }) }
}

function validatedQuotes(source: QuoteProvider, reply: RawReply): QuoteResult[] {
  return source.parseReply(reply).map((result) => validateResult(result, reply.receivedAt))
}

function isStored(outcome: string): boolean {
  return outcome === 'recorded' || outcome === 'corrected'
}
