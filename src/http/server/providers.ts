import type { QuoteProvider, RegisteredProvider } from '../../core/prices/quote.ts'

/** The providers of this service, and the one that a request means if it names none. */
export type ProviderDeps = {
  readonly providers: {
    /** By name or alias. @throws ServiceError `unknown_provider` */
    get(name: string): QuoteProvider
    list(): readonly RegisteredProvider[]
  }
  readonly defaultProvider: string
}

/** @throws ServiceError `unknown_provider` */
export function providerOf({ providers, defaultProvider }: ProviderDeps, name: string | undefined): QuoteProvider {
  return providers.get(name ?? defaultProvider)
}

/** Whether new prices can be requested, as far as this service knows the provider. */
export function canBePolled(providers: ProviderDeps['providers'], name: string): boolean {
  try {
    return providers.get(name).canBePolled !== false
  } catch {
    return true
  }
}
