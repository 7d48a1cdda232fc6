import type { Static, TObject, TProperties } from 'typebox'
import type { Clock } from '../../lib/clock.ts'
import type { Capabilities, QuoteProvider } from '../../core/prices/quote.ts'
import type { ProviderLog } from './circuit-breaker.ts'

/** What a provider gets from the process that it runs in. */
export type ProviderDeps = { readonly clock: Clock; readonly log?: ProviderLog | undefined }

/** Reads stored replies of one provider. */
export type ReplyParser = Pick<QuoteProvider, 'parserVersion' | 'parseReply'>

/**
 * Everything that the service knows about a provider before it exists. Configuration, help and documentation read
 * definitions, so a definition loads no client and no parser until it is called.
 */
export type ProviderDefinition<Settings extends TProperties = TProperties> = {
  /** The name that requests use and that is stored with each price; it never changes. */
  readonly name: string
  /** Other names that requests may use. */
  readonly aliases: readonly string[]
  /** The environment variables of this provider. */
  readonly settings: Settings
  /** Those of its variables without which the provider is not available. */
  readonly requires: readonly (keyof Settings & string)[]
  /** Whether its prices are invented. They have a retention of their own. */
  readonly isSynthetic: boolean
  readonly capabilities: Capabilities
  /** Also for a provider that is not available now: its replies are still stored. */
  loadParser(): Promise<ReplyParser>
  /**
   * The provider, or undefined while one of the variables that it requires is missing. Sends no request.
   * @throws Error that begins with the variable whose value cannot be used
   */
  create(settings: Static<TObject<Settings>>, deps: ProviderDeps): Promise<QuoteProvider | undefined>
}
