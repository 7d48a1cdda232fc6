import { Type, type Static } from 'typebox'
import type { LatestRequest } from '../../core/ingest/read-through.ts'
import { ONE_YEAR_SECONDS } from '../../lib/instant.ts'
import { providerOf, type ProviderDeps } from '../server/providers.ts'
import { ofSeries } from '../server/validation/series-query.ts'
import { Currency, ProviderName, SymbolList, symbolsOf, SymbolText } from '../server/query.ts'

const DEFAULT_MAX_AGE_SECONDS = 60

export const LatestQuery = Type.Object(
  {
    symbol: Type.Optional(SymbolText),
    symbols: Type.Optional(SymbolList),
    provider: Type.Optional(ProviderName),
    currency: Type.Optional(Currency),
    max_age: Type.Optional(
      Type.Number({
        minimum: 0,
        maximum: ONE_YEAR_SECONDS,
        default: DEFAULT_MAX_AGE_SECONDS,
        description:
          'A stored price is returned if the provider confirmed it within this many seconds. 0 always queries the provider.',
        examples: [60],
      }),
    ),
    stale_if_error: Type.Optional(
      Type.Boolean({ default: false, description: 'If the provider fails, answer 200 with the last known price.' }),
    ),
  },
  ofSeries(),
)

/** What a query asks for. */
export type Asked = {
  readonly request: LatestRequest
  /** Whether the answer is a list, even of one price. */
  readonly isList: boolean
  readonly staleIfError: boolean
}

/** @throws ServiceError `unknown_provider` */
export function askedBy(query: Static<typeof LatestQuery>, deps: ProviderDeps): Asked {
  const { name: provider, canBePolled } = providerOf(deps, query.provider)
  const request: LatestRequest = {
    provider,
    symbols: symbolsOf(query.symbol ?? query.symbols ?? ''),
    currency: query.currency,
    maxAgeSeconds: query.max_age ?? DEFAULT_MAX_AGE_SECONDS,
    storedOnly: canBePolled === false ? 'import' : undefined,
  }
  return { request, isList: query.symbol === undefined, staleIfError: query.stale_if_error ?? false }
}
