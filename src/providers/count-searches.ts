import type { RequestCounts } from '../core/health/provider-requests.ts'
import type { QuoteProvider, SearchSymbols } from '../core/prices/quote.ts'
import { ServiceError } from '../errors.ts'
import type { ProviderRegistry } from './registry.ts'

/** The same providers; their searches are counted as requests that a question caused. Prices are counted by ingest. */
export function countSearches(registry: ProviderRegistry, counts: Pick<RequestCounts, 'count'>): ProviderRegistry {
  const counted = <Provider extends QuoteProvider>(provider: Provider): Provider => {
    const { name, searchSymbols } = provider
    if (searchSymbols === undefined) return provider
    return { ...provider, searchSymbols: countedSearch(searchSymbols, (error) => countSent(counts, name, error)) }
  }
  return { ...registry, get: (name) => counted(registry.get(name)), list: () => registry.list().map(counted) }
}

function countedSearch(search: SearchSymbols, onEnd: (error?: unknown) => void): SearchSymbols {
  return async (query, signal) => {
    try {
      const found = await search(query, signal)
      onEnd()
      return found
    } catch (error) {
      onEnd(error)
      throw error
    }
  }
}

function countSent(counts: Pick<RequestCounts, 'count'>, provider: string, error: unknown): void {
  const known = error instanceof ServiceError ? error : undefined
  if (known?.details.wasHeldBack !== true) counts.count(provider, 'question', known?.code === 'provider_rate_limited')
}
