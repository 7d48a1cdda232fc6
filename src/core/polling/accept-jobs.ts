import { ServiceError } from '../../errors.ts'
import type { QuoteProvider } from '../prices/quote.ts'
import { createCheckSymbols, type CheckNeeds, type RefusedSymbol } from './check-symbols.ts'
import type { CreateJob, Job, Jobs } from './job.ts'

/** What became of a request for jobs. */
export type AcceptedJobs = {
  /** In the order of the symbols; none if every symbol was refused. */
  readonly jobs: readonly Job[]
  /** Symbols whose job existed with another interval, or other market hours. */
  readonly replaced: readonly string[]
  /** Symbols that the provider does not know; they have no job. */
  readonly refused: readonly RefusedSymbol[]
  /** In sentences, for people. */
  readonly warnings: readonly string[]
}

/**
 * Creates jobs as `Jobs.create` does, after the provider was asked once for symbols that have no job yet.
 * @throws ServiceError `invalid_request` for a provider that cannot be polled, and as `Jobs.create` does
 */
export type AcceptJobs = (
  provider: QuoteProvider,
  request: Omit<CreateJob, 'provider' | 'checked'>,
) => Promise<AcceptedJobs>

type Needs = CheckNeeds & { readonly jobs: Pick<Jobs, 'ofSymbols' | 'create'> }

export function createAcceptJobs({ jobs, ...needs }: Needs): AcceptJobs {
  const checkSymbols = createCheckSymbols(needs)
  return async (provider, request) => {
    assertCanBePolled(provider)
    const { name } = provider
    const existing = await jobs.ofSymbols(name, request.symbols)
    const known = new Set(existing.map(({ symbol }) => symbol))
    const unchecked = request.symbols.filter((symbol) => !known.has(symbol))
    const { checked, refused, warnings } = await checkSymbols(provider, unchecked)
    const refusedSymbols = new Set(refused.map(({ symbol }) => symbol))
    const symbols = request.symbols.filter((symbol) => !refusedSymbols.has(symbol))
    const created = symbols.length === 0 ? [] : await jobs.create({ ...request, symbols, provider: name, checked })
    const replaced = existing.filter((job) => replaces(request, job)).map(({ symbol }) => symbol)
    return { jobs: created, replaced, refused, warnings: [...warnings, ...adviceOn(provider, request)] }
  }
}

type Schedule = Pick<CreateJob, 'intervalSeconds' | 'marketHours'>

function replaces({ intervalSeconds, marketHours }: Schedule, job: Job): boolean {
  return intervalSeconds !== job.intervalSeconds || (marketHours !== undefined && marketHours !== job.marketHours)
}

function adviceOn({ name, advisedIntervalSeconds }: QuoteProvider, { intervalSeconds }: Schedule): readonly string[] {
  if (intervalSeconds >= advisedIntervalSeconds) return []
  return [`${name} should not be polled more often than every ${advisedIntervalSeconds} s; it may refuse.`]
}

function assertCanBePolled({ name, canBePolled }: QuoteProvider): void {
  if (canBePolled !== false) return
  const detail = `the prices of ${name} come from files, so there is nothing to poll; import a newer file instead`
  throw new ServiceError('invalid_request', `/provider: ${detail}.`, { errors: [{ pointer: '/provider', detail }] })
}

/** The error if a provider knows none of the requested symbols, with what it found instead. */
export function unknownSymbols(provider: string, refused: readonly RefusedSymbol[]): ServiceError {
  const [only, ...others] = refused
  const symbols = refused.map(({ symbol }) => symbol).join(', ')
  const similar = refused.flatMap(({ suggestions }) => suggestions.map(suggestionText)).slice(0, 5)
  const hint = similar.length === 0 ? 'Search for the symbol with /symbols?q=….' : `Similar: ${similar.join(', ')}.`
  const message = `${provider} does not know ${symbols}. ${hint}`
  if (only === undefined || others.length > 0) return new ServiceError('symbol_not_found', message, { provider })
  return new ServiceError(only.error.code, message, { ...only.error.details, provider, symbol: only.symbol })
}

function suggestionText({ symbol, name }: RefusedSymbol['suggestions'][number]): string {
  return name === null ? symbol : `${symbol} (${name})`
}
